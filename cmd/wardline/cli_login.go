package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

type loginCmd struct {
	remote   `embed:""`
	Username string `help:"Username." placeholder:"NAME"`
	Password string `help:"Password; asked for when it is missing. Prefer --password-file." placeholder:"PASSWORD"`
	// A file does not show up in the list of processes.
	PasswordFile string `help:"File that holds the password." placeholder:"FILE" type:"existingfile"`
	OTP          string `help:"One-time code of your authenticator; asked for when it is missing." placeholder:"CODE" name:"otp"`
}

func (l *loginCmd) Run(ctx context.Context, t terminal) error {
	c, err := l.connect()
	if err != nil {
		return err
	}
	c.session = session{Server: c.base, CA: c.session.CA}
	username, password, otp, err := l.credentials(t)
	if err != nil {
		return err
	}
	res, err := c.send(ctx, call{method: http.MethodPost, path: "/auth/login",
		body: map[string]string{"username": username, "password": password, "otp": otp}})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return exitFor(readProblem(res))
	}
	c.session.Username = username
	if err := c.signedIn(res); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "Signed in to %s as %s.\n", c.base, username)
	return nil
}

func (l *loginCmd) credentials(t terminal) (username, password, otp string, err error) {
	username, password, otp = l.Username, l.Password, l.OTP
	if l.PasswordFile != "" {
		body, err := os.ReadFile(l.PasswordFile)
		if err != nil {
			return "", "", "", fmt.Errorf("read --password-file: %w", err)
		}
		password = strings.TrimRight(string(body), "\r\n")
	}
	if username == "" {
		if username, err = ask(t, "Username: ", false); err != nil {
			return "", "", "", needs("--username", err)
		}
	}
	if password == "" {
		if password, err = ask(t, "Password: ", true); err != nil {
			return "", "", "", needs("--password-file", err)
		}
	}
	if otp == "" && interactive() {
		if otp, err = ask(t, "One-time code (Enter if you have none yet): ", false); err != nil {
			return "", "", "", err
		}
	}
	return username, password, otp, nil
}

func needs(flag string, err error) error {
	if errors.Is(err, errNotATerminal) {
		return exitStatus{exitUsage, fmt.Errorf("%s is needed when nobody sits at a terminal", flag)}
	}
	return err
}

type logoutCmd struct {
	remote `embed:""`
}

func (l *logoutCmd) Run(ctx context.Context, t terminal) error {
	c, err := l.connect()
	if err != nil {
		return err
	}
	if c.session.AccessToken == "" {
		fmt.Fprintln(t.out, "You were not signed in.")
		return nil
	}
	// Whatever the server says, this machine forgets the session.
	ended := c.do(ctx, call{method: http.MethodPost, path: "/auth/logout"}, nil)
	if err := forgetSession(); err != nil {
		return err
	}
	if ended != nil {
		return fmt.Errorf("the session is forgotten here, but the server could not end it: %w", ended)
	}
	fmt.Fprintln(t.out, "Signed out.")
	return nil
}
