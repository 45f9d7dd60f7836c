package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// openedFile is what a demo's data folder remembers of its hospital: the rest is
// in the catalogue, in the server's database and in the devices' own memories.
type openedFile struct {
	Accounts []Account `json:"accounts"`
	// Told are the serials whose story has been told to the server: put into
	// service, reported lost.
	Told []string `json:"told"`
}

// OpenHospital is NewHospital for a data folder that outlives the process: the
// accounts are those of the first time. The file holds passwords and has mode
// 0600.
func OpenHospital(dir string, pumps, phones int, random io.Reader) (*Hospital, error) {
	h, err := NewHospital(pumps, phones, random)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the demo's folder: %w", err)
	}
	h.file = filepath.Join(dir, "hospital.json")
	body, err := os.ReadFile(h.file)
	if errors.Is(err, os.ErrNotExist) {
		return h, h.keep()
	}
	if err != nil {
		return nil, fmt.Errorf("read the demo's hospital: %w", err)
	}
	var opened openedFile
	if err := json.Unmarshal(body, &opened); err != nil {
		return nil, fmt.Errorf("read the demo's hospital from %s: %w", h.file, err)
	}
	names := map[string]string{}
	for _, a := range h.Accounts {
		names[a.Username] = a.Name
	}
	h.Accounts, h.told = opened.Accounts, map[string]bool{}
	for i := range h.Accounts {
		h.Accounts[i].Name = names[h.Accounts[i].Username]
	}
	for _, serial := range opened.Told {
		h.told[serial] = true
	}
	return h, nil
}

// keep writes the file beside the old one and moves it into its place.
func (h *Hospital) keep() error {
	if h.file == "" {
		return nil
	}
	opened := openedFile{Accounts: h.Accounts, Told: []string{}}
	for _, s := range h.Devices {
		if h.told[s.Serial] {
			opened.Told = append(opened.Told, s.Serial)
		}
	}
	body, err := json.MarshalIndent(opened, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the demo's hospital: %w", err)
	}
	part := h.file + ".part"
	if err := os.WriteFile(part, body, 0o600); err != nil {
		return fmt.Errorf("keep the demo's hospital: %w", err)
	}
	if err := os.Rename(part, h.file); err != nil {
		return fmt.Errorf("keep the demo's hospital: %w", err)
	}
	return nil
}
