package app

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"

	"wardline/alert"
	"wardline/ca"
	"wardline/internal/fault"
)

// A backup is a gzipped tar of the database, the last revocation lists and the
// root certificate, and, last, a manifest with their hashes. The master key is not
// in it: whoever finds a backup opens nothing with it.
const manifestFile = "manifest.json"

type manifest struct {
	Version   string    `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	Epoch     int       `json:"epoch"`
	// Head is the newest link of the audit log, "number:hash".
	Head  string            `json:"head"`
	Files map[string]string `json:"files"` // name: SHA-256 in hex
}

const databaseFile = "wardline.db"

// backedUp are the files that a backup may hold beside the manifest.
func backedUp() []string {
	return []string{databaseFile, filepath.Join("ca", "crl", string(ca.RoleIssuing)+".crl"), filepath.Join("ca", "crl", string(ca.RoleRoot)+".crl"), RootFile}
}

var codeBackup = fault.Define(fault.Invalid, "backup_impossible", "Name a new file in a folder that exists and that only you can read.")

// LocalBackup says where a backup is to be written, and what it holds.
type LocalBackup struct {
	File  string `json:"file"`
	Epoch int    `json:"epoch"`
	Head  string `json:"head"`
	Bytes int64  `json:"bytes"`
}

func (a *App) localBackup(ctx context.Context, in LocalBackup) (LocalBackup, error) {
	if !filepath.IsAbs(in.File) {
		return in, codeBackup.New("%q is not a whole path.", in.File)
	}
	if _, err := os.Lstat(in.File); !errors.Is(err, os.ErrNotExist) {
		return in, codeBackup.New("%s is there already.", in.File)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(in.File), ".wardline-backup-")
	if err != nil {
		return in, codeBackup.Wrap(err, "The folder of %s cannot be written to.", in.File)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	// What is known is read first: the copy is at least as new.
	known, err := a.store.LookOutside(ctx)
	if err != nil {
		return in, err
	}
	if err := a.store.Backup(ctx, filepath.Join(tmp, databaseFile)); err != nil {
		return in, err
	}
	m := manifest{Version: a.o.Version, CreatedAt: known.At, Epoch: known.Epoch, Head: known.Head.String(), Files: map[string]string{}}
	whole := filepath.Join(tmp, "backup")
	if err := a.pack(whole, filepath.Join(tmp, databaseFile), m); err != nil {
		return in, err
	}
	info, err := os.Stat(whole)
	if err != nil {
		return in, err
	}
	if err := os.Rename(whole, in.File); err != nil {
		return in, err
	}
	a.o.Log.InfoContext(ctx, "backed up", "file", in.File, "head", m.Head)
	report := alert.Backup{What: "wardline backup", MadeAt: known.At, ReportedBy: localActor(ctx)}
	return LocalBackup{File: in.File, Epoch: m.Epoch, Head: m.Head, Bytes: info.Size()}, a.store.ReportBackup(ctx, report)
}

func (a *App) pack(into, database string, m manifest) (err error) {
	f, err := os.OpenFile(into, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	zipped := gzip.NewWriter(f)
	out := tar.NewWriter(zipped)
	for _, name := range backedUp() {
		from := filepath.Join(a.o.Data, name)
		if name == databaseFile {
			from = database
		}
		sum, err := packFile(out, name, from)
		if errors.Is(err, os.ErrNotExist) && name != databaseFile {
			continue
		}
		if err != nil {
			return fmt.Errorf("back up %s: %w", name, err)
		}
		m.Files[name] = sum
	}
	last, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = out.WriteHeader(&tar.Header{Name: manifestFile, Mode: 0o600, Size: int64(len(last)), ModTime: m.CreatedAt})
	}
	if err == nil {
		_, err = out.Write(last)
	}
	return errors.Join(err, out.Close(), zipped.Close(), f.Sync())
}

func packFile(out *tar.Writer, name, from string) (string, error) {
	f, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if err := out.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), f)
	return sumOf(h), err
}

func sumOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
