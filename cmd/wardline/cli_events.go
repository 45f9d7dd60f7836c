package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

type eventsCmd struct {
	remote `embed:""`
	Since  string `help:"Go on after this event number." placeholder:"NUMBER"`
}

// Run follows the stream until it is interrupted. A stream that ends is taken up
// again where it ended.
func (e *eventsCmd) Run(ctx context.Context, t terminal) error {
	c, err := e.connect()
	if err != nil {
		return err
	}
	last := e.Since
	for {
		err := c.stream(ctx, &last, func(data []byte) { e.print(t, data) })
		if ctx.Err() != nil {
			return nil // Ctrl-C is how one ends it
		}
		if err != nil {
			return exitFor(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(2 * time.Second):
		}
	}
}

func (e *eventsCmd) print(t terminal, data []byte) {
	if e.JSON {
		fmt.Fprintf(t.out, "%s\n", data)
		return
	}
	var n struct {
		At      time.Time `json:"at"`
		Action  string    `json:"action"`
		Actor   string    `json:"actor"`
		Device  string    `json:"device_id"`
		Command string    `json:"command_id"`
		Subject string    `json:"subject"`
	}
	if json.Unmarshal(data, &n) != nil {
		return
	}
	about := strings.TrimSpace(strings.Join([]string{n.Device, n.Command, n.Subject}, " "))
	fmt.Fprintf(t.out, "%s  %-24s  %-20s  %s\n", n.At.Local().Format("15:04:05"), clean(n.Action), clean(n.Actor), clean(about))
}

// stream reads one event stream to its end and keeps last at the id of the
// newest event.
func (c *client) stream(ctx context.Context, last *string, each func(data []byte)) error {
	if err := c.fresh(ctx); err != nil {
		return err
	}
	header := http.Header{"Accept": {"text/event-stream"}}
	if *last != "" {
		header.Set("Last-Event-ID", *last)
	}
	res, err := c.send(ctx, call{method: http.MethodGet, path: "/events", header: header})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return readProblem(res)
	}
	return readEvents(res.Body, last, each)
}

// readEvents reads server-sent events. A connection that breaks is an end like
// any other.
func readEvents(r io.Reader, last *string, each func(data []byte)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	var name, data, id string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			id = value
		case "event":
			name = value
		case "data":
			data = value
		case "":
			if lines.Text() != "" {
				continue // a comment
			}
			if id != "" {
				*last = id
			}
			if name == "happened" {
				each([]byte(data))
			}
			name, data = "", ""
		}
	}
	return nil
}
