package app

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"wardline/audit"
	"wardline/internal/fault"
)

var (
	codeNoBackup = fault.Define(fault.Invalid, "not_a_backup",
		"Name a file that wardline backup wrote. With PostgreSQL, restore the database with its own tools and run wardline restore without a file.")
	codeDatabaseThere = fault.Define(fault.Conflict, "database_there",
		"Give --replace: the present database is kept beside it under another name.")
	codeNoMasterKey = fault.Define(fault.Conflict, "master_key_missing",
		"Put master.key back into the data folder, or name it with --master-key-file: a backup does not hold it, and nothing opens without it.")
)

// Restore puts a backup in the place of the database of a data folder on which no
// server runs, and begins a new epoch. Without a file it begins one on the database
// that is there: the operator of a PostgreSQL has restored it. It returns the
// number of the epoch; what was lost is printed.
func Restore(ctx context.Context, o Options, file string, replace bool) (epoch int, err error) {
	why := "It was restored by hand."
	if file != "" {
		m, err := unpackBackup(&o, file, replace)
		if err != nil {
			return 0, err
		}
		why = fmt.Sprintf("It is the backup of %s.", m.CreatedAt.UTC().Format("2 January 2006, 15:04 UTC"))
	}
	a, err := open(ctx, o)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, a.Stop()) }()
	if a.anchor.begun == 0 { // opening it has not found it to be behind the anchor
		by := audit.Actor{Kind: audit.ActorLocal, ID: "local:" + osUser(os.Getuid()), Via: "cli"}
		lost, _, err := a.beginEpoch(ctx, by, why)
		if err != nil {
			return 0, err
		}
		a.sayLost(lost)
		a.anchor.begun = lost.Epoch
		return lost.Epoch, a.keepAnchor(ctx)
	}
	return a.anchor.begun, nil
}

// unpackBackup puts a backup's files into the data folder, and returns what it
// says of itself. Nothing is changed before all of it was read and fits.
func unpackBackup(o *Options, file string, replace bool) (m manifest, err error) {
	if err := o.complete(); err != nil {
		return m, err
	}
	if strings.HasPrefix(o.Database, "postgres") {
		return m, codeNoBackup.New("A file is restored to SQLite only, and --database names a PostgreSQL.")
	}
	lock, err := openDataFolder(o.Data)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	if _, err := os.Stat(o.MasterKeyFile); err != nil && o.MasterKey == "" && o.MasterKeyCommand == "" {
		return m, codeNoMasterKey.New("There is no master key at %s.", o.MasterKeyFile)
	}
	target := o.Database
	if target == "" {
		target = filepath.Join(o.Data, databaseFile)
	}
	if _, err := os.Stat(target); err == nil && !replace {
		return m, codeDatabaseThere.New("There is a database at %s.", target)
	}
	tmp, err := os.MkdirTemp(o.Data, ".restore-")
	if err != nil {
		return m, err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	if m, err = readBackup(file, tmp); err != nil {
		return m, err
	}
	return m, putInPlace(o.Data, tmp, target)
}

// readBackup unpacks a backup into a folder and checks every file.
func readBackup(file, into string) (m manifest, err error) {
	f, err := os.Open(file)
	if err != nil {
		return m, codeNoBackup.Wrap(err, "%s cannot be read.", file)
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		return m, codeNoBackup.Wrap(err, "%s is not a backup.", file)
	}
	sums := map[string]string{}
	for in := tar.NewReader(zipped); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return m, codeNoBackup.Wrap(err, "%s is cut off or damaged.", file)
		}
		name := filepath.FromSlash(h.Name)
		switch {
		case name == manifestFile:
			err = json.NewDecoder(io.LimitReader(in, 1<<20)).Decode(&m)
		case slices.Contains(backedUp(), name) && sums[name] == "":
			sums[name], err = unpackFile(in, filepath.Join(into, name))
		default:
			return m, codeNoBackup.New("%s holds %q, which no backup holds.", file, h.Name)
		}
		if err != nil {
			return m, codeNoBackup.Wrap(err, "%s is cut off or damaged.", file)
		}
	}
	if len(m.Files) != len(sums) || sums[databaseFile] == "" {
		return m, codeNoBackup.New("%s is cut off: its list of files is missing or names others.", file)
	}
	for name, sum := range sums {
		if m.Files[name] != sum {
			return m, codeNoBackup.New("%s is damaged: %s is not what was backed up.", file, name)
		}
	}
	return m, nil
}

func unpackFile(in io.Reader, path string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, h), in)
	return sumOf(h), errors.Join(err, f.Sync(), f.Close())
}

// putInPlace moves what is there aside and the unpacked files in. A revocation
// list that the data folder has stays: it is at least as new.
func putInPlace(data, from, database string) error {
	aside := database + ".before-" + time.Now().UTC().Format("20060102T150405Z")
	for _, tail := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(database+tail, aside+tail); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("keep the present database: %w", err)
		}
	}
	for _, name := range backedUp() {
		to := filepath.Join(data, name)
		if name == databaseFile {
			to = database
		}
		if _, err := os.Stat(to); err == nil {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(from, name), to); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("put %s in place: %w", name, err)
		}
	}
	return nil
}
