package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wardline/audit"
	"wardline/store"
	"wardline/store/storetest"
)

var update = flag.Bool("update", false, "write store/schema/*.sql anew")

// Whoever changes the schema sees the change as a whole in the diff, not only
// the migration that leads to it.
func TestTheSchemaIsTheOneThatIsCheckedIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, h *storetest.Harness) {
		h.Store()
		got := schemaOf(t, h)
		file := filepath.Join("schema", string(h.Engine)+".sql")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("the migrations lead to another schema than %s (-file +database).\n"+
				"When the change is meant: go run ./internal/testrun exec -- go test ./store/ -run TheSchema -update\n%s", file, diff)
		}
	})
}

// onlyOnSQLite reports what SQLite needs to find devices by part of a word: an
// index that is a table there, with the row number that it refers to.
func onlyOnSQLite(column string) bool {
	return strings.HasPrefix(column, "device_search") || column == "device.n"
}

// What one engine stores the other stores too: a hospital moves from one to the
// other, and a test on SQLite must mean something for PostgreSQL.
func TestBothEnginesHaveTheSameTablesAndColumns(t *testing.T) {
	columns := map[store.Engine][]string{}
	storetest.Each(t, func(t *testing.T, h *storetest.Harness) {
		h.Store()
		query := `SELECT m.name || '.' || c.name AS it FROM sqlite_master m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%' ORDER BY it`
		if h.Engine == store.Postgres {
			query = `SELECT table_name || '.' || column_name AS it FROM information_schema.columns
				WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%' ORDER BY (table_name || '.' || column_name) COLLATE "C"`
		}
		rows, err := h.Raw().Query(query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var column string
			if err := rows.Scan(&column); err != nil {
				t.Fatal(err)
			}
			if !onlyOnSQLite(column) {
				columns[h.Engine] = append(columns[h.Engine], column)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	})
	if columns[store.Postgres] == nil {
		return // skipped, and said so
	}
	if diff := cmp.Diff(columns[store.SQLite], columns[store.Postgres]); diff != "" {
		t.Errorf("the engines differ (-SQLite +PostgreSQL):\n%s", diff)
	}
}

// A dump of every released version, with data in it, comes up to the present
// schema, and its audit chain stays whole. To add one when a version is
// released: `sqlite3 wardline.db .dump`, or `pg_dump --inserts --no-owner`
// without its \restrict lines, as testdata/upgrade/<engine>/<version>.sql.
func TestADatabaseOfEveryReleasedVersionIsUpgraded(t *testing.T) {
	dumps, err := filepath.Glob("testdata/upgrade/*/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if len(dumps) == 0 {
		t.Skip("no version has been released yet, so there is none to upgrade from")
	}
	for _, dump := range dumps {
		t.Run(dump, func(t *testing.T) {
			text, err := os.ReadFile(dump)
			if err != nil {
				t.Fatal(err)
			}
			h := storetest.New(t, store.Engine(filepath.Base(filepath.Dir(dump))))
			h.Empty()
			if _, err := h.Raw().Exec(string(text)); err != nil {
				t.Fatalf("load the dump: %v", err)
			}
			s := h.Reopen()
			want, err := os.ReadFile(filepath.Join("schema", string(h.Engine)+".sql"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), schemaOf(t, h)); diff != "" {
				t.Errorf("after the upgrade the schema differs (-file +database):\n%s", diff)
			}
			if _, err := audit.Verify(context.Background(), s, nil); err != nil {
				t.Errorf("after the upgrade: %v", err)
			}
		})
	}
}

// A migration that has run somewhere is never edited: a database that has it
// would differ from one that gets it now.
func TestReleasedMigrationsAreNeverEdited(t *testing.T) {
	text, err := os.ReadFile("schema/released.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		want, file, _ := strings.Cut(line, "  ")
		migration, err := os.ReadFile(filepath.Join("migrations", file))
		if err != nil {
			t.Errorf("a released migration is gone: %v", err)
			continue
		}
		if sum := sha256.Sum256(migration); hex.EncodeToString(sum[:]) != want {
			t.Errorf("migrations/%s was released and must not change: write a new one", file)
		}
	}
}

func schemaOf(t *testing.T, h *storetest.Harness) string {
	t.Helper()
	if h.Engine == store.SQLite {
		return schemaText(t, h.Raw(), sqliteSchema)
	}
	return schemaText(t, h.Raw(), postgresTables, postgresIndexes, postgresTriggers, postgresFunctions)
}

func schemaText(t *testing.T, db *sql.DB, queries ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("-- The schema that all migrations together make. Written by the test; do not edit.\n")
	for _, q := range queries {
		rows, err := db.Query(q)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var statement string
			if err := rows.Scan(&statement); err != nil {
				t.Fatal(err)
			}
			b.WriteString("\n" + strings.TrimSpace(statement) + ";\n")
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

const sqliteSchema = `
SELECT sql FROM sqlite_master
 WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND tbl_name NOT LIKE 'goose_%'
   AND NOT (type = 'table' AND name LIKE 'device_search_%') -- made by the virtual table
 ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, name`

// The catalogue is asked rather than pg_dump, whose text differs between major
// versions.
const (
	postgresTables = `
SELECT 'CREATE TABLE ' || c.relname || E' (\n' ||
       string_agg('    ' || line, E',\n' ORDER BY part, n, line) || E'\n)'
  FROM pg_class c
  JOIN LATERAL (
       SELECT 1 AS part, a.attnum::int AS n,
              a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ||
              CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END ||
              COALESCE(CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY'
                                          WHEN 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY' END, '') ||
              COALESCE(CASE WHEN a.attgenerated = 's' THEN ' GENERATED ALWAYS AS (' ELSE ' DEFAULT ' END ||
                       pg_get_expr(d.adbin, d.adrelid) || CASE WHEN a.attgenerated = 's' THEN ') STORED' ELSE '' END, '') AS line
         FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
       SELECT 2, 0, 'CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid)
         FROM pg_constraint WHERE conrelid = c.oid AND contype IN ('p', 'u', 'f', 'c', 'x')
       ) lines ON true
 WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'goose_%'
 GROUP BY c.relname ORDER BY c.relname`
	postgresIndexes = `
SELECT pg_get_indexdef(i.indexrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
 WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'goose_%'
   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
 ORDER BY x.relname`
	postgresTriggers = `
SELECT pg_get_triggerdef(t.oid)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace ORDER BY t.tgname, c.relname`
	postgresFunctions = `
SELECT pg_get_functiondef(p.oid)
  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY p.proname`
)
