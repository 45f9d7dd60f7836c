package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"wardline/audit"
	"wardline/ca"
	"wardline/commands"
	"wardline/device"
)

// Known is what is known of the database outside of it: in a server's memory, and
// in its anchor file.
type Known struct {
	Epoch int
	Head  audit.Head
	At    time.Time
	CRL   int64
	// Rows are the highest versions that were seen of rows of which there are few,
	// Freezes those that were seen to hold.
	Rows    map[string]int64
	Freezes []string
}

type epochRow struct {
	Number   int    `gorm:"column:number;primaryKey;autoIncrement:false"`
	BeganAt  dbTime `gorm:"column:began_at"`
	Why      string `gorm:"column:why"`
	Lost     string `gorm:"column:lost"` // JSON commands.Lost
	FreezeID string `gorm:"column:freeze_id"`
	Proof
}

func (epochRow) TableName() string { return "epoch" }

// currentEpoch is the number of the epoch; a row that cannot be believed is none.
func (s *Store) currentEpoch(db *gorm.DB) (int, error) {
	var rows []epochRow
	if err := db.Order("number DESC").Limit(10).Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("read the epoch: %w", err)
	}
	for _, r := range rows {
		if a := s.doubt(&r); a == nil || a.older {
			return r.Number, nil
		}
	}
	return 1, nil
}

// LookOutside returns what is to be known of the database outside of it.
func (s *Store) LookOutside(ctx context.Context) (Known, error) {
	db := s.reader.WithContext(ctx)
	var k Known
	var err error
	if k.Epoch, err = s.currentEpoch(db); err != nil {
		return k, err
	}
	if k.Head, err = s.AuditHead(ctx); err != nil {
		return k, err
	}
	if err = db.Raw("SELECT coalesce(max(number), 0) FROM crl_state WHERE issuer = ?", string(ca.RoleIssuing)).Scan(&k.CRL).Error; err != nil {
		return k, fmt.Errorf("read the number of the CRL: %w", err)
	}
	k.At, err = s.clock(db)
	k.Rows, k.Freezes = s.memory.lastingRows()
	return k, err
}

// Recall takes what an anchor file remembers of rows into memory.
func (s *Store) Recall(k Known) { s.memory.recall(k) }

// Forget empties the memory of rows: another server has begun a new epoch.
func (s *Store) Forget() { s.memory.forget() }

// Behind says in a sentence why the database is older than what is known of it,
// or another one; empty: it is not. A database of a newer epoch is not behind: its
// epoch's row carries a code.
func (s *Store) Behind(ctx context.Context, k Known) (string, error) {
	db := s.reader.WithContext(ctx)
	epoch, err := s.currentEpoch(db)
	if err != nil || epoch > k.Epoch {
		return "", err
	}
	if epoch < k.Epoch {
		return fmt.Sprintf("It is in epoch %d, and epoch %d had begun.", epoch, k.Epoch), nil
	}
	head, err := s.AuditHead(ctx)
	if err != nil {
		return "", err
	}
	if head.Seq < k.Head.Seq {
		return fmt.Sprintf("Its audit log ends at %d, and %d was there.", head.Seq, k.Head.Seq), nil
	}
	var crl int64
	if err := db.Raw("SELECT coalesce(max(number), 0) FROM crl_state WHERE issuer = ?", string(ca.RoleIssuing)).Scan(&crl).Error; err != nil {
		return "", fmt.Errorf("read the number of the CRL: %w", err)
	}
	if crl < k.CRL {
		return fmt.Sprintf("Its revocation list has the number %d, and %d was there.", crl, k.CRL), nil
	}
	if k.Head.Seq == 0 {
		return "", nil
	}
	var links []auditLinkRow
	if err := db.Select("seq", "hash").Where("seq = ?", k.Head.Seq).Find(&links).Error; err != nil {
		return "", fmt.Errorf("read audit link %d: %w", k.Head.Seq, err)
	}
	if len(links) != 1 || hashOf(links[0].Hash) != k.Head.Hash {
		return fmt.Sprintf("Link %d of its audit log is another one than was there.", k.Head.Seq), nil
	}
	return "", nil
}

// NewEpoch says why an epoch begins and what is known beside the database.
type NewEpoch struct {
	By audit.Actor
	// Why is a sentence for people.
	Why string
	// Known is what was known outside; nil: nothing.
	Known *Known
	// Revoked are the entries of the last CRL; nil: there is no such list.
	Revoked []ca.Status
}

// BeginEpoch makes everything void that was open in a database that came from a
// backup, takes over the revocations that it does not know, and freezes the
// server. Numbers only rise: the epoch's own, and those that devices and the world
// were told. When another server has begun it, nothing happens and begun is false.
func (s *Store) BeginEpoch(ctx context.Context, n NewEpoch) (lost commands.Lost, begun bool, err error) {
	before, err := s.currentEpoch(s.reader.WithContext(ctx))
	if err != nil {
		return lost, false, err
	}
	if n.Known != nil && before > n.Known.Epoch {
		return lost, false, nil // another server was faster
	}
	// The present rows are what there is now: what was remembered of others is over.
	s.memory.forget()
	err = s.write(ctx, func(t *tx) error {
		begun = false
		e := &beginning{tx: t, NewEpoch: n, lost: commands.Lost{Epoch: before + 1, Links: -1, CRLKnown: n.Revoked != nil}}
		if n.Known != nil {
			e.lost.Epoch = max(e.lost.Epoch, n.Known.Epoch+1)
		}
		if err := e.voidOrders(); err != nil { // locks devices, and after them the guard
			return err
		}
		now, err := t.store.currentEpoch(t.DB)
		if err != nil || now > before {
			return err // somebody else was faster
		}
		for _, step := range []func() error{e.measure, e.voidPeople, e.voidInvitations, e.voidProofs, e.takeOverRevocations, e.raiseNumbers, e.freeze} {
			if err := step(); err != nil {
				return fmt.Errorf("begin epoch %d: %w", e.lost.Epoch, err)
			}
		}
		lost, begun = e.lost, true
		return nil
	})
	if err == nil && begun {
		s.memory.forget()
	}
	return lost, begun, err
}

// beginning is one new epoch while it begins.
type beginning struct {
	*tx
	NewEpoch
	lost commands.Lost
}

// measure says what time is missing.
func (e *beginning) measure() error {
	var newest dbTime
	if err := e.Raw("SELECT coalesce(max(at), 0) FROM audit_event").Scan(&newest).Error; err != nil {
		return err
	}
	e.lost.From = newest.time()
	if e.Known == nil {
		return nil
	}
	e.lost.Until = e.Known.At
	var head auditHeadRow
	if err := e.Take(&head, 1).Error; err != nil {
		return err
	}
	if e.Known.Head.Seq >= head.Seq {
		e.lost.Links = e.Known.Head.Seq - head.Seq
	}
	var rows []accountRow
	if err := e.Select("id", "username", "row_n").Order("username").Find(&rows).Error; err != nil {
		return err
	}
	there := map[string]bool{}
	for _, r := range rows {
		there["account/"+r.ID] = true
		if e.Known.Rows["account/"+r.ID] > r.RowN {
			e.lost.People = append(e.lost.People, r.Username)
		}
	}
	missing := 0
	for id := range e.Known.Rows {
		if strings.HasPrefix(id, "account/") && !there[id] {
			missing++
		}
	}
	if missing > 0 {
		e.lost.People = append(e.lost.People, fmt.Sprintf("(%d whom the backup does not know)", missing))
	}
	return nil
}

// ordersListed is how many orders a list names; the others are counted.
const ordersListed = 500

// voidOrders ends what is open, under the locks of its devices and the guard's.
func (e *beginning) voidOrders() error {
	rows, err := e.openOrders()
	if err != nil {
		return err
	}
	if _, err := e.enterGuard(); err != nil {
		return err
	}
	open, err := commandsOf(e.believed(rows))
	if err != nil {
		return err
	}
	for _, c := range open {
		if c.State == commands.StateAwaitingApproval || len(c.Approvals) > 0 {
			e.lost.Approvals++
		}
		if len(e.lost.Orders) == ordersListed {
			e.lost.MoreOrders++
			continue
		}
		e.lost.Orders = append(e.lost.Orders, commands.LostOrder{Command: c.ID, Device: c.Device, Kind: c.Kind, State: c.State})
	}
	if open, err = commands.VoidOrders(e.now, open, e.By); err != nil {
		return err
	}
	for chunk := range slices.Chunk(open, idsPerSelect) {
		if err := e.keepCommands(chunk, false); err != nil {
			return err
		}
	}
	return e.Model(&batchRow{}).Where("stopped_at = 0").
		Updates(map[string]any{"stopped_at": dbTime(e.now), "stop_reason": "The database was restored from a backup."}).Error
}

// openOrders locks the devices of everything open and reads it.
func (e *beginning) openOrders() ([]commandRow, error) {
	var ids []string
	if err := e.Raw("SELECT DISTINCT device_id FROM command WHERE ended_at = 0 ORDER BY device_id").Scan(&ids).Error; err != nil {
		return nil, fmt.Errorf("find what is open: %w", err)
	}
	var all []commandRow
	for chunk := range slices.Chunk(ids, idsPerSelect) {
		var locked []string
		if err := e.Raw("SELECT id FROM device WHERE id IN ? ORDER BY id"+e.lockRows(), chunk).Scan(&locked).Error; err != nil {
			return nil, fmt.Errorf("lock devices: %w", err)
		}
		var rows []commandRow
		if err := e.Where("device_id IN ? AND ended_at = 0", chunk).Order("id").Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("read what is open: %w", err)
		}
		all = append(all, rows...)
	}
	return all, nil
}

// exec runs a statement and adds the rows it changed to count, when there is one.
func (e *beginning) exec(count *int, statement string, args ...any) error {
	res := e.Exec(statement, args...)
	if count != nil {
		*count += int(res.RowsAffected)
	}
	return res.Error
}

// voidPeople ends what lets somebody in without signing in anew. API tokens too:
// one that was taken back since the backup cannot be told from the others.
func (e *beginning) voidPeople() error {
	now := dbTime(e.now)
	for _, x := range []struct {
		count     *int
		statement string
		args      []any
	}{
		{&e.lost.Sessions, "UPDATE session SET ended_at = ?, end_reason = 'the database was restored' WHERE ended_at = 0 AND expires_at > ?", []any{now, now}},
		{&e.lost.Tokens, "UPDATE api_token SET revoked_at = ? WHERE revoked_at = 0 AND expires_at > ?", []any{now, now}},
		{nil, "DELETE FROM setup_link", nil},
		{nil, "DELETE FROM ceremony", nil},
	} {
		if err := e.exec(x.count, x.statement, x.args...); err != nil {
			return err
		}
	}
	return nil
}

// voidInvitations ends codes, challenges, and requests that wait for a person.
func (e *beginning) voidInvitations() error {
	now := dbTime(e.now)
	err := e.exec(&e.lost.Invitations, "UPDATE invitation SET cancelled_at = ? WHERE cancelled_at = 0 AND used_at = 0 AND expires_at > ?", now, now)
	if err == nil {
		err = e.exec(nil, "DELETE FROM challenge WHERE used_at = 0")
	}
	if err == nil {
		err = e.exec(nil, "UPDATE delivery SET open_until = 0")
	}
	if err == nil {
		err = e.exec(nil, `UPDATE scep_transaction SET state = 'denied', decided_at = ?, decided_by = 'system', decided_why = 'The database was restored from a backup.'
			WHERE state IN ('waiting', 'approved')`, now)
	}
	return err
}

// voidProofs ends step-ups, rights and limits that wait for a second person, and
// a way back in that was under way.
func (e *beginning) voidProofs() error {
	now := dbTime(e.now)
	if err := e.exec(nil, "DELETE FROM step_up"); err != nil {
		return err
	}
	if err := e.exec(&e.lost.Approvals, "UPDATE account_change SET state = 'withdrawn', decided_at = ? WHERE state = 'pending'", now); err != nil {
		return err
	}
	var limits []limitChangeRow
	if err := e.Where("ended_at = 0 AND effective_at = 0").Find(&limits).Error; err != nil {
		return err
	}
	for _, r := range limits {
		if e.believe(&r) != nil {
			continue
		}
		r.EndedAt, r.EndedWhy = now, "The database was restored from a backup."
		if err := e.sign(&r); err != nil {
			return err
		}
		if err := e.Save(&r).Error; err != nil {
			return err
		}
		e.lost.Approvals++
	}
	var recoveries []recoveryRow
	if err := e.Where("state = 'waiting'").Find(&recoveries).Error; err != nil {
		return err
	}
	for _, r := range recoveries {
		if e.believe(&r) != nil {
			continue
		}
		r.ExpiresAt = now
		if err := e.sign(&r); err != nil {
			return err
		}
		if err := e.Save(&r).Error; err != nil {
			return err
		}
	}
	return nil
}

// takeOverRevocations revokes what the last CRL lists and the database does not.
// A certificate that the database does not know at all stays on the list too.
func (e *beginning) takeOverRevocations() error {
	var number int64
	for chunk := range slices.Chunk(e.Revoked, idsPerSelect) {
		serials := make([]string, len(chunk))
		for i, r := range chunk {
			serials[i] = string(r.Serial)
		}
		var rows []certificateRow
		if err := e.Omit("der").Where("serial IN ?", serials).Find(&rows).Error; err != nil {
			return err
		}
		known := map[string]certificateRow{}
		for _, r := range rows {
			known[r.Serial] = r
		}
		for _, r := range chunk {
			row, there := known[string(r.Serial)]
			to := revocationOf(ca.StatusChange{Revoked: true, Reason: r.Reason})
			if there && (row.Revocation == revocationRevoked || row.Revocation == to) {
				continue
			}
			if number == 0 {
				var err error
				if number, err = e.nextChange(); err != nil {
					return err
				}
			}
			if err := e.takeOver(r, row, there, to, number); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *beginning) takeOver(r ca.Status, row certificateRow, there bool, to string, number int64) error {
	e.lost.Revocations = append(e.lost.Revocations, commands.LostRevocation{Serial: string(r.Serial), Device: device.ID(row.DeviceID), At: r.RevokedAt})
	e.record(audit.Event{Actor: e.By, Action: statusAction(to), Device: row.DeviceID, Enrollment: row.EnrollmentID,
		Subject: "certificate:" + string(r.Serial), Detail: map[string]any{"reason": r.Reason.Words(), "why": "taken over from the last revocation list"}})
	set := map[string]any{"revocation": to, "reason": int(r.Reason), "revoked_at": dbTime(r.RevokedAt), "change": number}
	if there {
		e.dropBinding(device.Fingerprint(row.Fingerprint))
		return e.Model(&certificateRow{}).Where("serial = ?", string(r.Serial)).Updates(set).Error
	}
	unknown := certificateRow{Serial: string(r.Serial), Purpose: string(ca.PurposeDevice), Subject: "unknown since a restore",
		NotBefore: dbTime(r.RevokedAt), NotAfter: dbTime(r.RevokedAt.Add(ca.DeviceValidity)), RecordedAt: dbTime(e.now),
		Revocation: to, Reason: int(r.Reason), RevokedAt: dbTime(r.RevokedAt), Change: number}
	return e.Create(&unknown).Error
}

// changesPerEpoch is more than there are changes of certificates in the time that
// a restore can lose: a server that ran through it has seen higher numbers than
// the restored database has, and asks for what came after them.
const changesPerEpoch = 1_000_000

// raiseNumbers makes numbers that others have seen go on above what they saw.
func (e *beginning) raiseNumbers() error {
	if err := e.exec(nil, "UPDATE crl_state SET changes = changes + ?", changesPerEpoch); err != nil {
		return err
	}
	if e.Known == nil {
		return nil
	}
	return e.exec(nil, "UPDATE crl_state SET number = ? WHERE issuer = ? AND number < ?", e.Known.CRL, string(ca.RoleIssuing), e.Known.CRL)
}

// freeze freezes the server and writes the epoch down.
func (e *beginning) freeze() error {
	z := commands.Freeze{ID: e.newID(), Scope: commands.FreezeServer, Cause: commands.CauseRestore, SetBy: alarmActor,
		Reason: "The database came from a backup. " + e.Why}
	err := e.addFreeze(z, audit.Event{Actor: alarmActor, Action: "freeze.set", Subject: "freeze:" + z.ID,
		Detail: map[string]any{"alert": true, "scope": "server", "cause": string(z.Cause), "because": z.Reason}})
	if err != nil {
		return err
	}
	list, err := json.Marshal(e.lost)
	if err != nil {
		return err
	}
	row := epochRow{Number: e.lost.Epoch, BeganAt: dbTime(e.now), Why: e.Why, Lost: string(list), FreezeID: z.ID}
	if err := e.sign(&row); err != nil {
		return err
	}
	detail := map[string]any{"alert": true, "epoch": e.lost.Epoch, "because": e.Why, "orders": len(e.lost.Orders) + e.lost.MoreOrders,
		"sessions": e.lost.Sessions, "invitations": e.lost.Invitations, "revocations": len(e.lost.Revocations)}
	if e.Known != nil {
		detail["known_head"], detail["known_epoch"] = e.Known.Head.String(), e.Known.Epoch
	}
	e.record(audit.Event{Actor: e.By, Action: "epoch.began", Subject: fmt.Sprintf("epoch:%d", e.lost.Epoch), Detail: detail})
	return e.Create(&row).Error
}

// lostBy reads the list that belongs to a freeze by a restore.
func (s *Store) lostBy(db *gorm.DB, z commands.Freeze) (*commands.Lost, error) {
	if z.Cause != commands.CauseRestore {
		return nil, nil
	}
	var row epochRow
	if err := db.Take(&row, "freeze_id = ?", z.ID).Error; err != nil {
		return nil, fmt.Errorf("read the list that belongs to freeze %s: %w", z.ID, err)
	}
	if a := s.doubt(&row); a != nil && !a.older {
		return nil, a.refusal()
	}
	var lost commands.Lost
	if err := json.Unmarshal([]byte(row.Lost), &lost); err != nil {
		return nil, fmt.Errorf("read the list of epoch %d: %w", row.Number, err)
	}
	return &lost, nil
}
