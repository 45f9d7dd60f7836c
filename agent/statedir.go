package agent

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"wardline/device"
)

// Files of the state folder. Each is written whole beside its place, synced, and
// renamed over it, so that a power cut leaves the old one or the new one. Key and
// certificate stand in one file: there is no moment at which they do not fit.
const (
	fileSettings = "agent.json"    // where the server is
	fileIdentity = "identity.pem"  // the private key, then its certificate, then those above it
	fileRoot     = "root.pem"      // the authority that everything is verified against
	fileEnroll   = "enroll.json"   // an enrollment under way
	fileRenew    = "renew.json"    // a renewal under way
	fileJournal  = "journal.jsonl" // what was ordered and done: see journal.go
	fileLock     = "lock"
)

// settings is what the agent has to know besides who it is.
type settings struct {
	Server  string `json:"server"`   // the device listener, without a path
	SCEPURL string `json:"scep_url"` // where to renew
	Serial  string `json:"serial"`   // the maker's serial number
	// Device and Enrollment are who the server says this is. They are learned from
	// its first answer and never change within one enrollment.
	Device     device.ID           `json:"device_id"`
	Enrollment device.EnrollmentID `json:"enrollment_id"`
}

// stateDir is the agent's folder, locked for as long as it is open: two agents
// on one folder would be each other's clone.
type stateDir struct {
	path string
	lock *flock.Flock
}

var errInUse = errors.New("another agent is running on this state folder")

func openStateDir(path string) (*stateDir, error) {
	if path == "" {
		return nil, errors.New("no state folder was named")
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("create the state folder: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("look at the state folder: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the state folder %s holds a private key, but others can read it (mode %04o): set it to 0700", path, mode)
	}
	lock := flock.New(filepath.Join(path, fileLock), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the state folder %s: %w", path, err)
	}
	if !held {
		return nil, fmt.Errorf("%s: %w", path, errInUse)
	}
	return &stateDir{path: path, lock: lock}, nil
}

func (d *stateDir) close() error { return d.lock.Close() }

func (d *stateDir) file(name string) string { return filepath.Join(d.path, name) }

// write puts a file in place for good: after it returns, a power cut does not
// take it back.
func (d *stateDir) write(name string, data []byte) error {
	f, err := os.CreateTemp(d.path, name+".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), d.file(name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(f.Name()))
	}
	return d.sync()
}

// sync makes the folder itself, that is names, survive a power cut.
func (d *stateDir) sync() error {
	f, err := os.Open(d.path)
	if err != nil {
		return fmt.Errorf("sync the state folder: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync the state folder: %w", err)
	}
	return nil
}

func (d *stateDir) remove(names ...string) error {
	var errs []error
	for _, name := range names {
		if err := os.Remove(d.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, d.sync())...)
}

func (d *stateDir) writeJSON(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return d.write(name, b)
}

// readJSON reports false when there is no such file.
func (d *stateDir) readJSON(name string, v any) (bool, error) {
	b, err := os.ReadFile(d.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", name, err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return false, fmt.Errorf("read %s: %w", d.file(name), err)
	}
	return true, nil
}

// writeIdentity stores key and certificates together.
func (d *stateDir) writeIdentity(key *rsa.PrivateKey, chain []*x509.Certificate) error {
	b, err := encodeKey(key)
	if err != nil {
		return err
	}
	for _, c := range chain {
		b = append(b, encodeCertificate(c)...)
	}
	return d.write(fileIdentity, b)
}

// readIdentity returns ErrNotEnrolled when there is none.
func (d *stateDir) readIdentity() (tls.Certificate, error) {
	b, err := os.ReadFile(d.file(fileIdentity))
	if errors.Is(err, fs.ErrNotExist) {
		return tls.Certificate{}, ErrNotEnrolled
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read the device's identity: %w", err)
	}
	cert, err := tls.X509KeyPair(b, b)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read the device's identity from %s: %w", d.file(fileIdentity), err)
	}
	return cert, nil
}

func (d *stateDir) readRoot() (*x509.Certificate, error) {
	b, err := os.ReadFile(d.file(fileRoot))
	if err != nil {
		return nil, fmt.Errorf("read the pinned authority: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("read the pinned authority: %s holds no certificate", d.file(fileRoot))
	}
	return x509.ParseCertificate(block.Bytes)
}

func encodeKey(key *rsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the device's key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func decodeKey(b []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("the key is not PEM")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read the device's key: %w", err)
	}
	key, ok := k.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the device's key is %T, not RSA", k)
	}
	return key, nil
}

func encodeCertificate(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
