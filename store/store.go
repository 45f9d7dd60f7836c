package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/glebarez/sqlite"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"wardline/device"
	"wardline/internal/rowmac"
	"wardline/internal/seal"
)

// Engine names a database engine.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Options says which database to open and what the store may take from outside.
type Options struct {
	// Database is a PostgreSQL address ("postgres://...") or the path of an
	// SQLite file, which is created when it is missing.
	Database string
	// RowKeys make and check the codes of rows that grant power. They are needed.
	RowKeys *rowmac.Keys
	// Unlock, in place of RowKeys, makes them of what the database holds; the schema
	// is up to date by then.
	Unlock func(context.Context, seal.Vault) (*rowmac.Keys, error)
	// SignedBefore says that this database's rows carried codes before: rows
	// without one are never signed again by a migration that somebody has undone.
	SignedBefore bool
	// Now replaces the database's clock in tests. Nil: the database's clock.
	Now func() time.Time
	// Monotonic says how much time has passed since any fixed moment, by a clock
	// that nobody can set: the guard holds the other clock against it. Nil: the
	// machine's, or what Now says when that is given.
	Monotonic func() time.Duration
	// NewID makes identifiers. Nil: UUIDv7.
	NewID func() string
	// Wake is told, after commit on SQLite, which enrollments got work. On
	// PostgreSQL the same news travels by NOTIFY in the transaction, and the
	// wake package's listener hears it. Nil: nobody is told.
	Wake func(enrollments []device.EnrollmentID)
	// Drop is told in the same way which certificates' bindings changed.
	Drop func(certificates []device.Fingerprint)
	// Recorded is told after each commit of this process that wrote to the audit
	// log, on both engines: whoever follows the log looks at once.
	Recorded func()
	// Older is asked before people are told that an old row was put back: true says
	// that the whole database is older than it was, and that this is dealt with. May
	// be nil.
	Older func(context.Context) bool
	// Log may be nil.
	Log *slog.Logger
}

// Store is safe for concurrent use.
type Store struct {
	engine Engine
	path   string // of the SQLite file
	// writer is one connection on SQLite and the whole pool on PostgreSQL;
	// reader never writes.
	writer, reader *gorm.DB
	now            func() time.Time
	newID          func() string
	wake           func([]device.EnrollmentID)
	drop           func([]device.Fingerprint)
	recorded       func()
	log            *slog.Logger
	guardClock     guardClock
	rowKeys        *rowmac.Keys
	memory         *rowMemory
	older          func(context.Context) bool
}

// Open connects, brings the schema up to date and returns the store. Replicas
// may call it at the same time on one PostgreSQL.
func Open(ctx context.Context, o Options) (*Store, error) {
	if (o.RowKeys == nil) == (o.Unlock == nil) {
		return nil, errNoRowKeys
	}
	if o.Older == nil {
		o.Older = func(context.Context) bool { return false }
	}
	s := &Store{older: o.Older, rowKeys: o.RowKeys, memory: newRowMemory(), now: o.Now, newID: o.NewID, wake: o.Wake, drop: o.Drop, recorded: o.Recorded, log: o.Log}
	s.guardClock.passed = o.Monotonic
	if s.guardClock.passed == nil {
		s.guardClock.passed = sinceBoot
		if o.Now != nil {
			s.guardClock.passed = func() time.Duration { return o.Now().Sub(time.Unix(0, 0)) }
		}
	}
	if s.newID == nil {
		s.newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if s.wake == nil {
		s.wake = func([]device.EnrollmentID) {}
	}
	if s.recorded == nil {
		s.recorded = func() {}
	}
	if s.drop == nil {
		s.drop = func([]device.Fingerprint) {}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if strings.HasPrefix(o.Database, "postgres://") || strings.HasPrefix(o.Database, "postgresql://") {
		err = s.openPostgres(o.Database)
	} else {
		err = s.openSQLite(o.Database)
	}
	if err != nil {
		return nil, err
	}
	before, err := s.migrate(ctx)
	if err == nil && o.Unlock != nil {
		s.rowKeys, err = o.Unlock(ctx, s)
	}
	if err == nil && before > 0 && before < rowCodesSince && !o.SignedBefore {
		err = s.AdoptRows(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Engine says which engine the store runs on.
func (s *Store) Engine() Engine { return s.engine }

// Close closes all connections. Nothing may be under way.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*gorm.DB{s.writer, s.reader} {
		if db == nil || (db == s.reader && s.reader == s.writer && len(errs) > 0) {
			continue
		}
		raw, err := db.DB()
		if err == nil {
			err = raw.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Ping checks that the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return s.reader.WithContext(ctx).Exec("SELECT 1").Error
}

// Now is the database's clock, UTC, to the microsecond.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	return s.clock(s.reader.WithContext(ctx))
}

func (s *Store) clock(db *gorm.DB) (time.Time, error) {
	if s.now != nil {
		return s.now().UTC().Truncate(time.Microsecond), nil
	}
	if s.engine == SQLite {
		return time.Now().UTC().Truncate(time.Microsecond), nil
	}
	var t time.Time
	// clock_timestamp, not now(): a transaction that waited for a lock decides by
	// the time at which it holds it.
	err := db.Raw("SELECT clock_timestamp()").Scan(&t).Error
	return t.UTC().Truncate(time.Microsecond), err
}

func gormConfig() *gorm.Config {
	return &gorm.Config{
		TranslateError:         true,
		SkipDefaultTransaction: true,
		NowFunc:                func() time.Time { return time.Now().UTC() },
		// Values never reach a log: rows hold secrets and people's data.
		Logger: logger.Discard,
	}
}

const (
	sqliteReaders   = 4
	postgresMaxOpen = 24
)

// openSQLite opens one writer connection, whose transactions take the write
// lock at once and survive a power cut, and a pool of readers that cannot write.
func (s *Store) openSQLite(path string) error {
	s.engine = SQLite
	abs, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	s.path = abs
	common := []string{"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)"}
	if s.writer, err = openSQLitePool(abs, append(common, "synchronous(FULL)"), "immediate", 1); err != nil {
		return err
	}
	if s.reader, err = openSQLitePool(abs, append(common, "query_only(1)"), "", sqliteReaders); err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}

func openSQLitePool(path string, pragmas []string, txlock string, conns int) (*gorm.DB, error) {
	q := url.Values{"_pragma": pragmas}
	if txlock != "" {
		q.Set("_txlock", txlock)
	}
	db, err := gorm.Open(sqlite.Open("file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode()), gormConfig())
	if err != nil {
		return nil, fmt.Errorf("open SQLite database %s: %w", path, err)
	}
	raw, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("open SQLite database %s: %w", path, err)
	}
	raw.SetMaxOpenConns(conns)
	raw.SetMaxIdleConns(conns)
	return db, nil
}

func (s *Store) openPostgres(dsn string) error {
	s.engine = Postgres
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The error of pgx quotes the address, which holds the password.
		return errors.New("open PostgreSQL database: the address given by --database cannot be parsed")
	}
	cfg.RuntimeParams["timezone"] = "UTC"
	cfg.RuntimeParams["application_name"] = "wardline"
	// No client may hold the audit chain's head or a device's lock for long.
	cfg.RuntimeParams["idle_in_transaction_session_timeout"] = "10000"
	cfg.RuntimeParams["lock_timeout"] = "5000"
	pool := stdlib.OpenDB(*cfg)
	pool.SetMaxOpenConns(postgresMaxOpen)
	pool.SetMaxIdleConns(postgresMaxOpen)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), gormConfig())
	if err != nil {
		return errors.Join(fmt.Errorf("open PostgreSQL database at %s:%d: %w", cfg.Host, cfg.Port, err), pool.Close())
	}
	s.writer, s.reader = db, db
	return nil
}

// sqlDB is the pool under the writer, for migrations.
func (s *Store) sqlDB() (*sql.DB, error) { return s.writer.DB() }
