package storetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"wardline/store"
)

// OpenSQLite opens a store on a fresh, migrated SQLite file with a clock that
// stands still; opts may change that.
func OpenSQLite(t testing.TB, opts ...Option) *store.Store {
	t.Helper()
	o := store.Options{Database: copySQLite(t), RowKeys: RowKeys(), Now: NewClock().Now}
	for _, opt := range opts {
		opt(&o)
	}
	return openStore(t, o)
}

// sqliteTemplate is a migrated, empty database file, made once per test binary:
// copying it takes a fraction of the time that migrating does.
var sqliteTemplate = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "wardline-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "wardline.db")
	s, err := store.Open(context.Background(), store.Options{Database: path, RowKeys: RowKeys()})
	if err != nil {
		return nil, err
	}
	// Closing the last connection moves the write-ahead log into the file.
	if err := s.Close(); err != nil {
		return nil, err
	}
	if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
		return nil, fmt.Errorf("the write-ahead log of %s was not moved into it", path)
	}
	return os.ReadFile(path)
})

// copySQLite returns the path of a fresh, migrated database file.
func copySQLite(t testing.TB) string {
	t.Helper()
	file, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("make the SQLite template: %v", err)
	}
	path := filepath.Join(t.TempDir(), "wardline.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatalf("copy the SQLite template: %v", err)
	}
	return path
}
