package app

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"wardline/audit"
	"wardline/ca"
	"wardline/commands"
	"wardline/device"
	"wardline/store"
)

// anchorEvery is how often what is known of the database is compared with it and
// kept outside.
const anchorEvery = 5 * time.Second

// anchor is what this server knows of the database, in memory and on disk. A
// database that is behind it came from a backup.
type anchor struct {
	mu    sync.Mutex
	known *store.Known
	// written is the last content of the file.
	written []byte
	// begun is the epoch that this process has begun; 0: none.
	begun int
}

// anchorFile is the file's content.
type anchorFile struct {
	Epoch   int              `json:"epoch"`
	Seq     int64            `json:"audit_seq"`
	Hash    string           `json:"audit_hash"`
	At      time.Time        `json:"at"`
	CRL     int64            `json:"crl_number"`
	Rows    map[string]int64 `json:"rows"`
	Freezes []string         `json:"freezes"`
}

// anchored says whether there is an anchor file: this server has signed the rows
// of its database before.
func (a *App) anchored() bool {
	_, err := os.Stat(a.o.AnchorFile)
	return err == nil
}

func readAnchor(path string) (*store.Known, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the anchor: %w", err)
	}
	var f anchorFile
	err = json.Unmarshal(raw, &f)
	hash, hexErr := hex.DecodeString(f.Hash)
	if err = errors.Join(err, hexErr); err != nil || len(hash) != len(audit.Hash{}) || f.Epoch < 1 {
		// It is replaced as a whole, so it was not left half-written.
		return nil, codeBadOption.New("the anchor %s cannot be read: put back the file as it was. Without it nobody can say whether the database came from a backup; "+
			"to begin a new epoch instead, move it away and run: wardline restore", path)
	}
	return &store.Known{Epoch: f.Epoch, Head: audit.Head{Seq: f.Seq, Hash: audit.Hash(hash)}, At: f.At, CRL: f.CRL, Rows: f.Rows, Freezes: f.Freezes}, nil
}

func (a *anchor) write(path string, k store.Known) error {
	content, err := json.Marshal(anchorFile{Epoch: k.Epoch, Seq: k.Head.Seq, Hash: hex.EncodeToString(k.Head.Hash[:]), At: k.At.UTC(), CRL: k.CRL,
		Rows: k.Rows, Freezes: k.Freezes})
	if err != nil {
		return err
	}
	if a.known != nil && a.written != nil && a.known.Epoch == k.Epoch && a.known.Head == k.Head && a.known.CRL == k.CRL {
		return nil // nothing has happened since
	}
	if err := replaceFile(path, content); err != nil {
		return fmt.Errorf("write the anchor: %w", err)
	}
	a.known, a.written = &k, content
	return nil
}

// replaceFile replaces a file as a whole, and returns when it is on the disk.
func replaceFile(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".anchor-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// compareAnchor compares the database with what was known of it at the end of the
// last run, before anything is done with it.
func (a *App) compareAnchor(ctx context.Context) error {
	known, err := readAnchor(a.o.AnchorFile)
	if err != nil {
		return err
	}
	a.anchor.known = known
	a.life.started("the anchor", a.keepAnchor) // written last of all, before the database is closed
	if known == nil {
		return a.keepAnchor(ctx)
	}
	if err := a.mindAnchor(ctx); err != nil {
		return err
	}
	now, err := a.store.LookOutside(ctx)
	if err == nil && now.Epoch == known.Epoch {
		a.store.Recall(*known)
	}
	return errors.Join(err, a.keepAnchor(ctx))
}

// keepAnchor compares, and then writes down how far the database is.
func (a *App) keepAnchor(ctx context.Context) error {
	a.anchor.mu.Lock()
	defer a.anchor.mu.Unlock()
	if a.anchor.known != nil {
		if err := a.mindAnchor(ctx); err != nil {
			return err
		}
	}
	now, err := a.store.LookOutside(ctx)
	if err != nil {
		return err
	}
	if a.anchor.known != nil && now.Epoch > a.anchor.known.Epoch {
		a.store.Forget() // another server has begun it
	}
	return a.anchor.write(a.o.AnchorFile, now)
}

// wholeIsOlder says whether the database as a whole went back, and not one row of
// it; a new epoch has begun then, or is beginning.
func (a *App) wholeIsOlder(ctx context.Context) bool {
	if !a.anchor.mu.TryLock() {
		return true // it is being compared at this moment
	}
	defer a.anchor.mu.Unlock()
	if a.anchor.known == nil {
		return false
	}
	now, err := a.store.LookOutside(ctx)
	if err == nil && now.Epoch > a.anchor.known.Epoch {
		a.anchor.known = nil
		a.store.Forget() // another server has begun it
		return true
	}
	before := a.anchor.known
	return err == nil && a.mindAnchor(ctx) == nil && a.anchor.known != before
}

// mindAnchor begins a new epoch when the database is behind what is known of it.
func (a *App) mindAnchor(ctx context.Context) error {
	why, err := a.store.Behind(ctx, *a.anchor.known)
	if err != nil || why == "" {
		return err
	}
	a.o.Log.ErrorContext(ctx, "the database is older than it was: it came from a backup, or is another one", "why", why)
	lost, begun, err := a.beginEpoch(ctx, audit.Actor{Kind: audit.ActorSystem, ID: "anchor", Name: "Start"}, why)
	if err == nil && begun {
		a.sayLost(lost)
	}
	return err
}

func (a *App) beginEpoch(ctx context.Context, by audit.Actor, why string) (commands.Lost, bool, error) {
	lost, begun, err := a.store.BeginEpoch(ctx, store.NewEpoch{By: by, Why: why, Known: a.anchor.known, Revoked: a.lastRevoked()})
	if err != nil {
		return lost, false, fmt.Errorf("begin a new epoch: %w", err)
	}
	a.anchor.known = nil
	if begun {
		a.anchor.begun = lost.Epoch
	}
	// What a restored database has revoked anew is refused from now on.
	return lost, begun, a.authority.Refresh(ctx)
}

// lastRevoked is what the last list says that this server signed or took over,
// from the database or the disk, whichever is newer; nil: there is none.
func (a *App) lastRevoked() []ca.Status {
	held, err := a.authority.CRL(ca.RoleIssuing)
	if err != nil {
		return nil
	}
	list, err := x509.ParseRevocationList(held.DER)
	if err != nil {
		return nil
	}
	out := []ca.Status{}
	for _, e := range list.RevokedCertificateEntries {
		out = append(out, ca.Status{Serial: ca.Serial(fmt.Sprintf("%032x", e.SerialNumber)), Revoked: true, Reason: ca.Reason(e.ReasonCode), RevokedAt: e.RevocationTime.UTC()})
	}
	return out
}

// sayLost tells whoever sits at the terminal.
func (a *App) sayLost(lost commands.Lost) {
	devices := map[device.ID]bool{}
	for _, o := range lost.Orders {
		devices[o.Device] = true
	}
	fmt.Fprintf(a.o.Out, "The database came from a backup: epoch %d begins, and the server is frozen.\n"+
		"  void: %d orders to %d devices, %d approvals, %d invitations, %d sessions, %d API tokens\n"+
		"  revocations taken over from the last list: %d\n"+
		"  Everybody signs in anew. A security officer and an administrator lift the freeze when both have seen the list (Guard, in the console).\n",
		lost.Epoch, len(lost.Orders)+lost.MoreOrders, len(devices), lost.Approvals, lost.Invitations, lost.Sessions, lost.Tokens, len(lost.Revocations))
	if !lost.CRLKnown {
		fmt.Fprintln(a.o.Out, "  There was no revocation list beside the database: what was revoked since the backup is good again. Revoke it anew.")
	}
}
