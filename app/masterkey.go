package app

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"wardline/internal/fault"
	"wardline/internal/rowmac"
	"wardline/internal/seal"
)

// keeperOf finds the master key that the options name.
func keeperOf(o Options) (seal.Keeper, error) {
	switch {
	case o.MasterKeyCommand != "":
		return seal.Command(strings.Fields(o.MasterKeyCommand)), nil
	case o.MasterKey != "":
		return seal.HeldText(o.MasterKey)
	}
	return seal.HeldFile(o.MasterKeyFile)
}

// unlock opens the data key, with which everything else is sealed.
func (a *App) unlock(ctx context.Context, vault seal.Vault) (*rowmac.Keys, error) {
	var err error
	if a.master, err = seal.OpenDataKey(ctx, a.keeper, vault); err != nil {
		return nil, err
	}
	rowKey, err := a.master.Derive(rowmac.KeyPurpose)
	if err != nil {
		return nil, err
	}
	return rowmac.New(rowKey)
}

func (a *App) now() time.Time {
	if a.o.Now == nil {
		return time.Now()
	}
	return a.o.Now()
}

// LocalRotate names the new master key: one of the three, or none for a new key
// in the present file.
type LocalRotate struct {
	File    string `json:"file"`
	Key     string `json:"key"`
	Command string `json:"command"`
}

// LocalRotated says what seals the data key now.
type LocalRotated struct {
	Was string `json:"was"`
	Now string `json:"now"`
	// Old is the file in which the old key is kept; empty: it lies where it lay.
	Old string `json:"old"`
}

var codeRotate = fault.Define(fault.Invalid, "rotation_impossible",
	"Nothing was changed. Name the new master key with --to-file, --to-command, or the environment variable WARDLINE_TO_KEY.")

func (a *App) localRotate(ctx context.Context, in LocalRotate) (LocalRotated, error) {
	a.rotating.Lock()
	defer a.rotating.Unlock()
	if in != (LocalRotate{}) {
		to, err := keeperOf(Options{MasterKeyFile: in.File, MasterKey: in.Key, MasterKeyCommand: in.Command})
		if err != nil {
			return LocalRotated{}, codeRotate.Wrap(err, "The new master key is not good: %s.", err)
		}
		return a.rewrap(ctx, to)
	}
	if a.o.MasterKey != "" || a.o.MasterKeyCommand != "" {
		return LocalRotated{}, codeRotate.New("This server's master key lies in no file that Wardline could replace.")
	}
	var out LocalRotated
	old := a.o.MasterKeyFile + ".before-" + a.now().UTC().Format("20060102-150405")
	to, err := seal.RotateKeyFile(a.o.MasterKeyFile, old, func(to *seal.Held) (err error) {
		out, err = a.rewrap(ctx, to)
		return err
	})
	if err != nil {
		return LocalRotated{}, err
	}
	a.keeper, out.Old = to, old
	return out, nil
}

// rewrap has another master key seal the data key.
func (a *App) rewrap(ctx context.Context, to seal.Keeper) (LocalRotated, error) {
	before, was, _, err := a.store.DataKey(ctx)
	if err != nil {
		return LocalRotated{}, err
	}
	plain, err := a.keeper.Unwrap(ctx, before)
	if err != nil {
		return LocalRotated{}, err
	}
	after, err := to.Wrap(ctx, plain)
	if err != nil {
		return LocalRotated{}, codeRotate.Wrap(err, "The new master key cannot be used: %s.", err)
	}
	// Nothing is written before it was seen to open again.
	if again, err := to.Unwrap(ctx, after); err != nil || !bytes.Equal(again, plain) {
		return LocalRotated{}, codeRotate.Wrap(errors.Join(err), "The new master key does not open what it has sealed.")
	}
	if err := a.store.RewrapDataKey(ctx, localActor(ctx), before, after, was, to.Name()); err != nil {
		return LocalRotated{}, err
	}
	a.keeper = to
	return LocalRotated{Was: was, Now: to.Name()}, nil
}
