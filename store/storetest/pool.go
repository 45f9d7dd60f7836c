package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// pool lends databases to tests. Cloning the template takes a third of a second
// of the server's time, emptying a used clone a few milliseconds; so a clone goes
// back to what it was and on to the next test.
var pool lending

type lending struct {
	mu       sync.Mutex
	server   string
	template string
	// schema is the digest of the template's schema: a test that changed it has
	// its database dropped.
	schema string
	free   []string
}

// take returns the name of a database.
func (l *lending) take(ctx context.Context, server string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.template == "" {
		template, err := makeTemplate(ctx, server)
		if err != nil {
			return "", fmt.Errorf("make the template: %w", err)
		}
		l.server, l.template = server, template
		if err := dropLeftovers(ctx, server); err != nil {
			return "", err
		}
	}
	if last := len(l.free) - 1; last >= 0 {
		name := l.free[last]
		l.free = l.free[:last]
		return name, nil
	}
	name := testDatabaseName()
	if err := execOn(ctx, server, "CREATE DATABASE "+name+" TEMPLATE "+l.template); err != nil {
		return "", err
	}
	if l.schema != "" {
		return name, nil
	}
	err := onDatabase(ctx, withDatabase(server, name), func(conn *pgx.Conn) (err error) {
		l.schema, err = schemaDigest(ctx, conn)
		return err
	})
	return name, err
}

// giveBack empties a database for the next test, or drops it when that cannot
// be done.
func (l *lending) giveBack(ctx context.Context, name string) error {
	l.mu.Lock()
	server, schema := l.server, l.schema
	l.mu.Unlock()
	err := onDatabase(ctx, withDatabase(server, name), func(conn *pgx.Conn) error { return reset(ctx, conn, schema) })
	if err != nil {
		return execOn(ctx, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, name)
	return nil
}

// errUnfit says that a database cannot be used again.
var errUnfit = errors.New("the database cannot be used again")

// reset puts back what the migrations left. Triggers and foreign keys are off
// meanwhile: the audit log would rightly refuse.
func reset(ctx context.Context, conn *pgx.Conn, schema string) error {
	if err := endOthers(ctx, conn); err != nil {
		return err
	}
	now, err := schemaDigest(ctx, conn)
	if err != nil {
		return err
	}
	if now != schema {
		return fmt.Errorf("%w: the test changed its schema", errUnfit)
	}
	rows, err := conn.Query(ctx, `
		SELECT format('DELETE FROM public.%1$I;', c.relname) ||
		       CASE WHEN to_regclass(format('storetest_seed.%I', c.relname)) IS NULL THEN ''
		            ELSE format('INSERT INTO public.%1$I SELECT * FROM storetest_seed.%1$I;', c.relname) END
		  FROM pg_class c
		 WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'goose_%'`)
	if err != nil {
		return err
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	all := "BEGIN; SET LOCAL session_replication_role = replica;" + strings.Join(statements, "") + "COMMIT"
	_, err = conn.PgConn().Exec(ctx, all).ReadAll()
	return err
}

// endOthers ends connections that a test left behind, such as those of a server
// that it killed, and waits until they are gone: their transactions must not end
// after the reset.
func endOthers(ctx context.Context, conn *pgx.Conn) error {
	const others = " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
	for range 100 {
		var left int
		if err := conn.QueryRow(ctx, "SELECT count(pg_terminate_backend(pid))"+others).Scan(&left); err != nil || left == 0 {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("%w: somebody is still connected", errUnfit)
}

// schemaDigest sums up tables, columns, indexes and the state of triggers.
func schemaDigest(ctx context.Context, conn *pgx.Conn) (digest string, err error) {
	err = conn.QueryRow(ctx, `
		SELECT md5(concat(
		  (SELECT string_agg(concat_ws(' ', relname, relkind, relnatts), ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
		  (SELECT string_agg(concat_ws(' ', tgname, tgenabled), ',' ORDER BY tgname, tgrelid) FROM pg_trigger WHERE NOT tgisinternal)))`).Scan(&digest)
	return digest, err
}

// keepSeeds copies the rows that migrations insert, for reset.
func keepSeeds(ctx context.Context, dsn string) error {
	return onDatabase(ctx, dsn, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `
			SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT LIKE 'goose_%'`)
		if err != nil {
			return err
		}
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		if err := execEach(ctx, conn, "CREATE SCHEMA storetest_seed"); err != nil {
			return err
		}
		for _, table := range tables {
			name := pgx.Identifier{table}.Sanitize()
			var any bool
			if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM public."+name+")").Scan(&any); err != nil {
				return err
			}
			if any {
				if err := execEach(ctx, conn, "CREATE TABLE storetest_seed."+name+" AS TABLE public."+name); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

const databasePrefix = "wardline_test_"

// testDatabaseName names the process too, so that what it leaves can be told from
// what is in use.
func testDatabaseName() string {
	return fmt.Sprintf("%s%d_%s", databasePrefix, os.Getpid(), strings.ToLower(rand.Text()[:12]))
}

// dropLeftovers drops the databases of test binaries that have ended.
func dropLeftovers(ctx context.Context, server string) error {
	return onDatabase(ctx, server, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", databasePrefix)
		if err != nil {
			return err
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, name := range names {
			if processLives(strings.TrimPrefix(name, databasePrefix)) {
				continue
			}
			// Another binary may do the same at this moment.
			if err := execEach(ctx, conn, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
				return err
			}
		}
		return nil
	})
}

// processLives reads the process id at the beginning of a database's name.
// Where processes cannot be looked up, all of them live.
func processLives(rest string) bool {
	pid, _, _ := strings.Cut(rest, "_")
	if _, err := os.Stat("/proc/self"); err != nil {
		return true
	}
	_, err := os.Stat("/proc/" + pid)
	return err == nil
}

// onDatabase runs f on a connection of its own.
func onDatabase(ctx context.Context, dsn string, f func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(f(conn), conn.Close(ctx))
}
