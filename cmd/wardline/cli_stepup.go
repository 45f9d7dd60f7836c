package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// stepUpFor is what a step-up is wanted for.
type stepUpFor struct {
	device, batch string
	otp           string // given on the command line
	what          string
}

const (
	stepUpHeader = "Wardline-Step-Up"
	// stepUpPatience is how long a code waits to be confirmed in a browser.
	stepUpPatience = 5 * time.Minute
	stepUpEvery    = 2 * time.Second
)

// steppingUp sends a request; when the server wants a step-up it takes a
// one-time code, or waits until the person has confirmed in a browser, and
// sends the same request again. The Idempotency-Key makes that safe.
func (c *client) steppingUp(ctx context.Context, t terminal, what stepUpFor, req call, out any) error {
	err := c.do(ctx, req, out)
	var p *problem
	if !errors.As(err, &p) || p.Code != "step_up_required" {
		return err
	}
	otp := what.otp
	if otp == "" && interactive() {
		fmt.Fprintf(t.err, "%s has to be confirmed.\n", words(what.what))
		if otp, err = ask(t, "One-time code (Enter to confirm in a browser instead): ", false); err != nil {
			return err
		}
	}
	if otp = strings.ReplaceAll(otp, " ", ""); otp != "" {
		stepUp, err := c.stepUp(ctx, what, otp)
		if err != nil {
			return err
		}
		req.header.Set(stepUpHeader, stepUp)
		return c.do(ctx, req, out)
	}
	return c.confirmInBrowser(ctx, t, p, req, out)
}

// stepUp trades a one-time code for a step-up.
func (c *client) stepUp(ctx context.Context, what stepUpFor, otp string) (string, error) {
	body := map[string]string{"otp": otp}
	if what.device != "" {
		body["device_id"] = what.device
	}
	if what.batch != "" {
		body["batch_id"] = what.batch
	}
	var answer struct {
		StepUp string `json:"step_up"`
	}
	err := c.do(ctx, call{method: http.MethodPost, path: "/auth/step-up", body: body}, &answer)
	return answer.StepUp, err
}

// confirmInBrowser sends the request again and again with the code that the
// person confirms in a browser.
func (c *client) confirmInBrowser(ctx context.Context, t terminal, p *problem, req call, out any) error {
	if p.StepUpURL == "" || p.UserCode == "" {
		return p
	}
	fmt.Fprintf(t.err, "Open %s and confirm. The code is %s.\nWaiting for that ...\n", clean(p.StepUpURL), clean(p.UserCode))
	req.header.Set(stepUpHeader, p.UserCode)
	patience := time.NewTimer(stepUpPatience)
	defer patience.Stop()
	tick := time.NewTicker(stepUpEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-patience.C:
			return exitStatus{exitRefused, errors.New("nobody confirmed: nothing was done")}
		case <-tick.C:
		}
		err := c.do(ctx, req, out)
		var again *problem
		switch {
		case !errors.As(err, &again):
			return err
		case again.Code == "step_up_required": // it would begin anew
			return exitStatus{exitRefused, errors.New("the code ran out before anybody confirmed it: nothing was done")}
		case again.Code != "step_up_pending":
			return again
		}
	}
}
