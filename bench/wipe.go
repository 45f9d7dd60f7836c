package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pquerna/otp/totp"
)

// wipe erases a handheld as a person does, with a second factor, and plays the
// device's part to the end, at which its certificate is revoked.
func (s *site) wipe(ctx context.Context, d *sim) error {
	person, err := s.eraser(ctx, s.devices[d.serial])
	if err != nil {
		return err
	}
	var command struct{ ID string }
	err = person.do(ctx, http.MethodPost, "/devices/"+s.devices[d.serial]+"/commands",
		map[string]any{"kind": "wipe", "reason": "bench"}, &command)
	if err != nil {
		return err
	}
	l, err := d.dial(ctx, s.deviceAddr)
	if err != nil {
		return err
	}
	defer l.close()
	// The order comes; accepted; settled and succeeded; settled.
	for range 6 {
		if err := d.poll(l, 5); err != nil {
			break // the answer to its last report is that it is revoked
		}
	}
	return untilReady(ctx, func() error {
		state, err := s.commandState(ctx, command.ID)
		if err == nil && state != "succeeded" {
			err = fmt.Errorf("the wipe is %s", state)
		}
		return err
	})
}

// eraser is an account with a second factor that has stepped up for one device.
func (s *site) eraser(ctx context.Context, device string) (*rest, error) {
	const name = "bench-eraser"
	err := s.admin.do(ctx, http.MethodPost, "/accounts", map[string]any{"username": name, "name": "Eraser",
		"roles": []string{"it"}, "password": password}, nil)
	if err != nil {
		return nil, err
	}
	person := newREST(s.url("https", "admin"), name, password, s.dialContext)
	var seed struct{ Seed string }
	if err := person.do(ctx, http.MethodPost, "/auth/totp", map[string]string{"password": password}, &seed); err != nil {
		return nil, err
	}
	code, err := totp.GenerateCode(seed.Seed, time.Now())
	if err != nil {
		return nil, err
	}
	if err := person.do(ctx, http.MethodPost, "/auth/totp/confirm", map[string]string{"otp": code}, nil); err != nil {
		return nil, err
	}
	// A code works once; the next one is good half a minute early.
	if code, err = totp.GenerateCode(seed.Seed, time.Now().Add(30*time.Second)); err != nil {
		return nil, err
	}
	var stepUp struct {
		StepUp string `json:"step_up"`
	}
	err = person.do(ctx, http.MethodPost, "/auth/step-up", map[string]string{"otp": code, "device_id": device}, &stepUp)
	person.stepUp = stepUp.StepUp
	return person, err
}
