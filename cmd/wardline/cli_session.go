package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// session is what `wardline login` leaves behind for the next commands, in
// $XDG_CONFIG_HOME/wardline/session.json with mode 0600.
type session struct {
	Server   string `json:"server"`
	Username string `json:"username"`
	// CA is the server's CA certificate in PEM, pinned at login.
	CA          string    `json:"ca,omitempty"`
	AccessToken string    `json:"access_token"`
	ExpiresAt   time.Time `json:"expires_at"`
	// Refresh is the value of the rotating refresh cookie.
	Refresh string `json:"refresh"`
}

func sessionPath() (string, error) {
	dir, err := os.UserConfigDir() // $XDG_CONFIG_HOME, or ~/.config
	if err != nil {
		return "", fmt.Errorf("find the configuration folder: %w", err)
	}
	return filepath.Join(dir, "wardline", "session.json"), nil
}

// loadSession returns the stored session; the zero one when there is none.
func loadSession() (session, error) {
	var s session
	path, err := sessionPath()
	if err != nil {
		return s, err
	}
	body, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read the stored session: %w", err)
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return s, fmt.Errorf("the stored session %s is damaged; run `wardline login` again: %w", path, err)
	}
	return s, nil
}

// save replaces the stored session in one step: a program that runs at the same
// time never reads half of it.
func (s session) save() error {
	path, err := sessionPath()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("store the session: %w", err)
	}
	body, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("store the session: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".session-*") // mode 0600
	if err != nil {
		return fmt.Errorf("store the session: %w", err)
	}
	_, err = f.Write(append(body, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("store the session: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// forgetSession deletes the stored session, if there is one.
func forgetSession() error {
	path, err := sessionPath()
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget the session: %w", err)
	}
	return nil
}

// lockSession waits until no other program changes the stored session.
func lockSession() (unlock func(), err error) {
	path, err := sessionPath()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("lock the session: %w", err)
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return nil, fmt.Errorf("lock the session: %w", err)
	}
	// The lock ends with the program anyway.
	return func() { _ = lock.Unlock() }, nil
}
