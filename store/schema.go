package store

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
)

// MigrationsDigest names the set of embedded migrations: the hexadecimal SHA-256
// over their names and contents. Two builds with the same digest make the same
// schema, which is what lets tests share one migrated template database.
func MigrationsDigest() string {
	h := sha256.New()
	err := fs.WalkDir(migrations, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations, path)
		if err != nil {
			return err
		}
		part := sha256.Sum256(text)
		h.Write([]byte(path))
		h.Write(part[:])
		return nil
	})
	if err != nil {
		// The files are part of the binary: they are there or it was built wrongly.
		panic("store: read embedded migrations: " + err.Error())
	}
	return hex.EncodeToString(h.Sum(nil))
}
