package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"wardline/internal/fault"
)

// ErrDataFolderInUse is returned when another server runs on the data folder.
var codeDataFolderInUse = fault.Define(fault.Conflict, "data_folder_in_use",
	"Stop the other server, or give this one a data folder of its own with --data.")

// openDataFolder creates the folder if it is missing and takes its lock, so that
// no second server opens the same SQLite database or the same keys.
func openDataFolder(path string) (*flock.Flock, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("create the data folder: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open the data folder: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, codeBadOption.New("the data folder %s can be read by others (mode %04o): it holds keys. Run: chmod 700 %s", path, mode, path)
	}
	lock := flock.New(filepath.Join(path, "lock"), flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the data folder %s: %w", path, err)
	}
	if !got {
		return nil, codeDataFolderInUse.New("another Wardline server is running on the data folder %s", path)
	}
	return lock, nil
}

// DataFolderInUse reports whether err says that another server holds the folder.
func DataFolderInUse(err error) bool { return fault.Has(err, codeDataFolderInUse) }

// removeStale deletes a leftover of a server that was killed; the lock is ours.
func removeStale(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove a leftover of the last run: %w", err)
	}
	return nil
}
