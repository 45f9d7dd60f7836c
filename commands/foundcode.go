package commands

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"wardline/device"
)

// The screen of a lost device shows a code below the text. Whoever says that they
// found it reads it from there: it is in their hand, and not in a thief's.

// foundCodeWord stands before the code on the screen, in every language.
const foundCodeWord = "Code "

// foundCodes is how many codes there are: six digits.
const foundCodes = 1_000_000

// NewScreenCode is a line for a lost screen with a new code on it.
func NewScreenCode() (string, error) {
	code, err := newFoundCode()
	return foundCodeWord + code, err
}

// ScreenCode is the code that the arguments of lost mode show; empty: none.
func ScreenCode(args json.RawMessage) string {
	var shown struct {
		Footnote string `json:"footnote"`
	}
	if json.Unmarshal(args, &shown) != nil {
		return ""
	}
	code, ok := strings.CutPrefix(shown.Footnote, foundCodeWord)
	if !ok {
		return ""
	}
	return code
}

func newFoundCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(foundCodes))
	if err != nil {
		return "", fmt.Errorf("make the code of a lost screen: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}

// ShowsCode reports whether this code was given to the lost screen of a device
// since it is lost.
func (s *Service) ShowsCode(ctx context.Context, d device.Device, code string) (bool, error) {
	lost, is := d.HoldOf(device.HoldLost)
	code = strings.Join(strings.Fields(code), "")
	if !is || code == "" {
		return false, nil
	}
	page, err := s.List(ctx, Query{Device: d.ID, Kind: device.KindLostModeOn})
	if err != nil {
		return false, err
	}
	for _, c := range page.Items {
		if !c.CreatedAt.Before(lost.Since) && ScreenCode(c.Args) == code {
			return true, nil
		}
	}
	return false, nil
}
