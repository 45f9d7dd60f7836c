package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"wardline/store"
)

// ServerVariable holds the address of a PostgreSQL server on which tests may
// create and drop databases.
const ServerVariable = "WARDLINE_TEST_POSTGRES"

// OpenPostgres opens a store on a fresh, migrated PostgreSQL database with a
// clock that stands still; opts may change that. Without a server the test is
// skipped, or fails under CI.
func OpenPostgres(t testing.TB, opts ...Option) *store.Store {
	t.Helper()
	o := store.Options{Database: clonePostgres(t), RowKeys: RowKeys(), Now: NewClock().Now}
	for _, opt := range opts {
		opt(&o)
	}
	return openStore(t, o)
}

// PostgresDSN returns the address of a fresh, migrated PostgreSQL database, for
// tests that start whole servers. The test has it for itself until it ends.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	return clonePostgres(t)
}

// serverAddress returns the test server's address, or ends the test.
func serverAddress(t testing.TB) string {
	t.Helper()
	addr := os.Getenv(ServerVariable)
	if addr != "" {
		return addr
	}
	const how = ServerVariable + " is not set, so nothing was tried on PostgreSQL: " +
		"run `make test`, or `go run ./internal/testrun exec -- go test ./...`"
	if os.Getenv("CI") == "true" {
		t.Fatal(how)
	}
	t.Skip(how)
	return ""
}

// clonePostgres returns the address of a migrated, empty database that this test
// has for itself: one that an earlier test gave back, or a clone of the template.
func clonePostgres(t testing.TB) string {
	t.Helper()
	name, err := pool.take(context.Background(), serverAddress(t))
	if err != nil {
		t.Fatalf("make a test database: %v", err)
	}
	t.Cleanup(func() {
		if err := pool.giveBack(context.Background(), name); err != nil {
			t.Errorf("give the test database back: %v", err)
		}
	})
	return withDatabase(pool.server, name)
}

// emptyPostgres makes a database without any table and returns its address.
func emptyPostgres(t testing.TB) string {
	t.Helper()
	server, ctx, name := serverAddress(t), context.Background(), testDatabaseName()
	if err := execOn(ctx, server, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create a test database: %v", err)
	}
	t.Cleanup(func() {
		if err := execOn(ctx, server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return withDatabase(server, name)
}

// makeTemplate makes, once per server and set of migrations, the database that
// tests are cloned from. It gets its name only when it is complete, and nobody
// may connect to it, since a database with connections cannot be cloned.
func makeTemplate(ctx context.Context, server string) (name string, err error) {
	name = "wardline_seeded_" + store.MigrationsDigest()[:16]
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", fmt.Errorf("connect to %s: %w", ServerVariable, err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	// Test binaries run side by side: one makes it, the others wait.
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtext($1))", name); err != nil {
		return "", err
	}
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil || exists {
		return name, err
	}
	building := name + "_building"
	if err := execEach(ctx, conn, "DROP DATABASE IF EXISTS "+building+" WITH (FORCE)", "CREATE DATABASE "+building); err != nil {
		return "", err
	}
	s, err := store.Open(ctx, store.Options{Database: withDatabase(server, building), RowKeys: RowKeys()})
	if err != nil {
		return "", err
	}
	if err := s.Close(); err != nil {
		return "", err
	}
	if err := keepSeeds(ctx, withDatabase(server, building)); err != nil {
		return "", err
	}
	return name, execEach(ctx, conn,
		"ALTER DATABASE "+building+" WITH ALLOW_CONNECTIONS false",
		"ALTER DATABASE "+building+" RENAME TO "+name)
}

func execOn(ctx context.Context, dsn, statement string) error {
	return onDatabase(ctx, dsn, func(conn *pgx.Conn) error { return execEach(ctx, conn, statement) })
}

func execEach(ctx context.Context, conn *pgx.Conn, statements ...string) error {
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// withDatabase returns the server's address with another database in it.
func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		// A keyword address: the last word wins.
		return server + " dbname=" + name
	}
	u.Path = "/" + name
	return u.String()
}
