package store

import (
	"context"
	"fmt"

	"wardline/internal/fault"
)

var codeBackupByPostgres = fault.Define(fault.Refused, "backup_by_postgresql",
	"Back PostgreSQL up with its own tools (pg_dump, or base backups with WAL), and keep master.key and the folder ca beside it; after a restore start the server, or run: wardline restore.")

// Backup writes the database, as it is at this moment, to a new file while others
// go on reading and writing. Only SQLite is backed up here: a PostgreSQL has
// better tools, and people who know them.
func (s *Store) Backup(ctx context.Context, file string) error {
	if s.engine != SQLite {
		return codeBackupByPostgres.New("This server keeps its data in PostgreSQL.")
	}
	// A connection of its own: the readers may not write, and the writer must not
	// wait for a copy of the whole database.
	own, err := openSQLitePool(s.path, []string{"busy_timeout(10000)"}, "", 1)
	if err != nil {
		return err
	}
	raw, err := own.DB()
	if err != nil {
		return fmt.Errorf("back the database up: %w", err)
	}
	defer func() { _ = raw.Close() }() // it has read; what it wrote is the other file
	if _, err := raw.ExecContext(ctx, "VACUUM INTO ?", file); err != nil {
		return fmt.Errorf("back the database up to %s: %w", file, err)
	}
	return nil
}
