package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// pretendIssued copies certificate rows until there are n, each with a serial
// number, fingerprint, key and device of its own: issuing 100,000 would need as
// many RSA keys, which takes hours and measures nothing of ours. The rows are as
// long as real ones and stand in every index.
func (s *site) pretendIssued(ctx context.Context, n int) (int, error) {
	db, err := s.sql()
	if err != nil {
		return 0, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT * FROM certificate LIMIT 0")
	if err != nil {
		return 0, err
	}
	columns, err := rows.Columns()
	if err = errors.Join(err, rows.Close()); err != nil {
		return 0, err
	}
	digits32, digits64 := "lower(hex(randomblob(16)))", "lower(hex(randomblob(32)))"
	if s.engine == "postgres" {
		digits32, digits64 = "md5(random()::text)", "md5(random()::text) || md5(random()::text)"
	}
	fresh := map[string]string{"serial": digits32, "fingerprint": digits64, "key_hash": digits64,
		"device_id": digits32, "enrollment_id": digits32, "maker_serial": digits32}
	values := make([]string, len(columns))
	for i, c := range columns {
		values[i] = c
		if expression, ok := fresh[c]; ok {
			values[i] = expression
		}
	}
	statement := fmt.Sprintf("INSERT INTO certificate (%s) SELECT %s FROM certificate WHERE fingerprint <> '' AND device_id <> '' LIMIT ",
		strings.Join(columns, ", "), strings.Join(values, ", "))
	before, err := s.issuedCertificates(ctx)
	if err != nil {
		return 0, err
	}
	for have := before; have < n; {
		// Each step copies what there is: it doubles.
		if _, err := db.ExecContext(ctx, statement+fmt.Sprint(min(n-have, 10_000))); err != nil {
			return 0, err
		}
		now, err := s.issuedCertificates(ctx)
		if err != nil {
			return 0, err
		}
		if now == have {
			return 0, fmt.Errorf("no certificate row could be copied")
		}
		have = now
	}
	if _, err := db.ExecContext(ctx, "ANALYZE"); err != nil {
		return 0, err
	}
	return n - before, nil
}

func (s *site) issuedCertificates(ctx context.Context) (n int, err error) {
	db, err := s.sql()
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM certificate WHERE fingerprint <> '' AND device_id <> ''").Scan(&n)
	return n, err
}
