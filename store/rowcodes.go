package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"wardline/audit"
	"wardline/commands"
	"wardline/internal/fault"
	"wardline/internal/rowmac"
)

// Proof is what every row that grants power carries (package rowmac). It is
// embedded in the row's type; sign fills it in, believe checks it. (gorm leaves
// out what is embedded without being exported.)
type Proof struct {
	RowN    int64  `gorm:"column:row_n"`
	RowLink string `gorm:"column:row_link"`
	RowMAC  []byte `gorm:"column:row_mac"`
}

func (p *Proof) carried() *Proof { return p }

// provable is a pointer to a row that carries a proof.
type provable interface {
	TableName() string
	carried() *Proof
}

// codeRowAltered refuses whatever rests on a row that was not written by Wardline.
var codeRowAltered = fault.Define(fault.Conflict, "record_altered",
	"Whoever runs the server looks at the database and the audit log before anything else is done: see the operators' guide.")

// altered is a row that cannot be believed.
type altered struct {
	table, id, why string
	// older: the code is good, and a newer version of the row was seen before.
	older bool
}

func (a *altered) refusal() error {
	return codeRowAltered.New("A record was changed outside of Wardline, so nothing is done with it (%s %s: %s).", a.table, a.id, a.why)
}

// sign makes the code of a row that is about to be written. The versions of a row
// follow from the one that this transaction has read: a row is read, locked,
// before it is written.
func (t *tx) sign(row provable) error { return t.signUnder(row, t.link) }

// signUnder is sign for a row that another transaction's audit events speak of.
func (t *tx) signUnder(row provable, link string) error {
	id, values := rowOf(row)
	p := row.carried()
	p.RowN, p.RowLink = t.versions[id].N+1, link
	var err error
	if p.RowMAC, err = t.store.rowKeys.Sign(row.TableName(), rowmac.Version{N: p.RowN, Link: p.RowLink}, values); err != nil {
		return err
	}
	t.versions[id] = rowmac.Version{N: p.RowN, Link: p.RowLink}
	t.written[id] = true
	return nil
}

// believe checks a row that this transaction has read under a lock: nobody can
// have changed it since, so a version below one that was seen before means that
// somebody put an old row back.
func (t *tx) believe(row provable) error {
	a := t.store.doubt(row)
	id, _ := rowOf(row)
	p := row.carried()
	switch {
	case a == nil, a.older && t.written[id]:
	default:
		t.altered = append(t.altered, *a)
		return a.refusal()
	}
	t.versions[id] = rowmac.Version{N: p.RowN, Link: p.RowLink}
	if !t.written[id] { // what this transaction wrote may still be taken back
		t.store.memory.saw(id, p.RowN)
	}
	return nil
}

// believeUnlocked is believe for a row that somebody else may be changing.
func (t *tx) believeUnlocked(row provable) error {
	if a := t.store.doubt(row); a != nil && !a.older {
		t.altered = append(t.altered, *a)
		return a.refusal()
	}
	return nil
}

// believeRead checks a row that was read without a transaction. An older version
// than one seen before may be a read that began before: again reads once more,
// and what is older then was put back by somebody.
func (s *Store) believeRead(ctx context.Context, row provable, again func() error) error {
	a := s.doubt(row)
	if a != nil && a.older && again != nil {
		if err := again(); err != nil {
			return err
		}
		a = s.doubt(row)
	}
	if a == nil {
		id, _ := rowOf(row)
		s.memory.saw(id, row.carried().RowN)
		return nil
	}
	if a.older && again == nil {
		return nil
	}
	s.raiseAlarm(ctx, []altered{*a})
	return a.refusal()
}

// doubt says what is wrong with a row; nil: nothing.
func (s *Store) doubt(row provable) *altered {
	id, values := rowOf(row)
	table := row.TableName()
	p := row.carried()
	err := s.rowKeys.Verify(p.RowMAC, table, rowmac.Version{N: p.RowN, Link: p.RowLink}, values)
	_, name, _ := strings.Cut(id, "/")
	if err != nil {
		return &altered{table: table, id: name, why: err.Error()}
	}
	if s.memory.seen(id) > p.RowN {
		return &altered{table: table, id: name, why: "it is an older version than one that was seen before", older: true}
	}
	return nil
}

// alarmActor is who freezes when a row cannot be believed.
var alarmActor = audit.Actor{Kind: audit.ActorSystem, ID: "integrity", Name: "Integrity check"}

// raiseAlarm records rows that cannot be believed, once each, and freezes the
// server. A refusal stands also when this fails: it is tried again with the next.
func (s *Store) raiseAlarm(ctx context.Context, found []altered) {
	found = slices.DeleteFunc(slices.Clone(found), func(a altered) bool { return s.memory.alarmed(a) })
	if len(found) == 0 {
		return
	}
	if found[0].older && s.older(ctx) {
		s.memory.forgetAlarms(found)
		return
	}
	err := s.write(context.WithoutCancel(ctx), func(t *tx) error {
		if _, err := t.enterGuard(); err != nil {
			return err
		}
		for _, a := range found {
			t.record(audit.Event{Actor: alarmActor, Action: "integrity.row_refused", Subject: a.table + ":" + printable(a.id),
				Detail: map[string]any{"alert": true, "table": a.table, "because": a.why}})
		}
		return t.freezeFor(commands.CauseTampering,
			fmt.Sprintf("A record in the database was changed outside of Wardline (%s: %s).", found[0].table, found[0].why))
	})
	if err != nil {
		s.memory.forgetAlarms(found)
		s.log.ErrorContext(ctx, "a row was refused, and the server could not be frozen for it", "table", found[0].table, "error", err)
		return
	}
	for _, a := range found {
		s.log.ErrorContext(ctx, "a row of the database was changed outside of Wardline: it is refused, and the server is frozen",
			"table", a.table, "id", printable(a.id), "why", a.why)
	}
}

// freezeFor freezes the server by itself, unless it is frozen for the same cause.
// The guard's lock is held.
func (t *tx) freezeFor(cause commands.FreezeCause, reason string) error {
	active, err := t.activeFreezes()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(active, func(z commands.Freeze) bool { return z.Scope == commands.FreezeServer && z.Cause == cause }) {
		return nil
	}
	z := commands.Freeze{ID: t.newID(), Scope: commands.FreezeServer, Cause: cause, Reason: reason, SetBy: alarmActor}
	return t.addFreeze(z, audit.Event{Actor: alarmActor, Action: "freeze.set", Subject: "freeze:" + z.ID,
		Detail: map[string]any{"alert": true, "scope": "server", "cause": string(cause), "because": reason}})
}

// printable keeps what an intruder wrote as an identifier out of logs.
func printable(id string) string {
	if len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool { return r < '!' || r > '~' }) {
		return id
	}
	return fmt.Sprintf("%.80q", id)
}

// rowMemory is what this process remembers of rows: the highest version of each
// that it saw, so that an old row, put back with its good code, is told from the
// row that followed it.
type rowMemory struct {
	mu sync.Mutex
	// lasting holds rows of which there are few. Of the others the newest are kept,
	// in two halves of which the older is dropped.
	lasting, young, old map[string]int64
	alarms              map[altered]bool
	// active are the freezes that were seen to hold.
	active map[string]commands.Freeze
}

const rowsRemembered = 100_000

func newRowMemory() *rowMemory {
	return &rowMemory{lasting: map[string]int64{}, young: map[string]int64{}, old: map[string]int64{}, alarms: map[altered]bool{},
		active: map[string]commands.Freeze{}}
}

// lastingTables have few rows, and what they grant lasts.
var lastingTables = []string{"account", "guard_freeze", "limit_change", "founding", "epoch"}

func (m *rowMemory) seen(id string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return max(m.lasting[id], m.young[id], m.old[id])
}

func (m *rowMemory) saw(id string, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	table, _, _ := strings.Cut(id, "/")
	if slices.Contains(lastingTables, table) {
		m.lasting[id] = max(m.lasting[id], n)
		return
	}
	if len(m.young) >= rowsRemembered/2 {
		m.old, m.young = m.young, make(map[string]int64, rowsRemembered/2)
	}
	m.young[id] = max(m.young[id], m.old[id], n)
}

// alarmed reports whether people were told of it before, and notes that they are.
func (m *rowMemory) alarmed(a altered) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.alarms[a]
	if len(m.alarms) < rowsRemembered {
		m.alarms[a] = true
	}
	return before
}

func (m *rowMemory) forgetAlarms(found []altered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range found {
		delete(m.alarms, a)
	}
}

// lastingRows is what is kept of the memory outside.
func (m *rowMemory) lastingRows() (map[string]int64, []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.lasting), slices.Sorted(maps.Keys(m.active))
}

// recall takes in what was kept outside. Of a freeze only its name was kept: it
// holds the whole server until it is read.
func (m *rowMemory) recall(k Known) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, n := range k.Rows {
		m.lasting[id] = max(m.lasting[id], n)
	}
	for _, id := range k.Freezes {
		if _, known := m.active[id]; !known {
			m.active[id] = commands.Freeze{ID: id, Scope: commands.FreezeServer, Cause: commands.CauseTampering, SetBy: alarmActor,
				Reason: "A freeze that held is missing in the database."}
		}
	}
}

// forget empties the memory: a new epoch begins with the rows that are there.
func (m *rowMemory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lasting, m.young, m.old = map[string]int64{}, map[string]int64{}, map[string]int64{}
	m.alarms, m.active = map[altered]bool{}, map[string]commands.Freeze{}
}

func (m *rowMemory) holds(z commands.Freeze) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.active[z.ID] = z
}

func (m *rowMemory) holdsNoMore(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.active, id)
}

func (m *rowMemory) freezes() map[string]commands.Freeze {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.active)
}

// plan is where the columns of a row's type lie that its code covers.
type plan struct {
	keys int
	at   [][]int
}

var plans sync.Map // of reflect.Type

// rowOf returns a row's name ("table/key") and the values that its code covers.
func rowOf(row provable) (string, []any) {
	v := reflect.ValueOf(row).Elem()
	known, ok := plans.Load(v.Type())
	if !ok {
		known, _ = plans.LoadOrStore(v.Type(), planOf(v.Type(), rowmac.Named(row.TableName())))
	}
	p := known.(plan)
	values := make([]any, len(p.at))
	name := row.TableName()
	for i, index := range p.at {
		values[i] = v.FieldByIndex(index).Interface()
		if i < p.keys {
			name += "/" + keyText(values[i])
		}
	}
	return name, values
}

func keyText(v any) string {
	if b, ok := v.([]byte); ok {
		return fmt.Sprintf("%x", b)
	}
	return fmt.Sprint(v)
}

func planOf(of reflect.Type, table rowmac.Table) plan {
	columns := map[string][]int{}
	for _, f := range reflect.VisibleFields(of) {
		for part := range strings.SplitSeq(f.Tag.Get("gorm"), ";") {
			if name, ok := strings.CutPrefix(part, "column:"); ok {
				columns[name] = f.Index
			}
		}
	}
	p := plan{keys: len(table.Key)}
	for _, c := range slices.Concat(table.Key, table.Columns) {
		index, ok := columns[c]
		if !ok {
			panic("store: the code of a row of " + table.Name + " covers the column " + c + ", which its type does not have")
		}
		p.at = append(p.at, index)
	}
	return p
}

// errNoRowKeys is a mistake of whoever opens the store.
var errNoRowKeys = errors.New("open the store: one of Options.RowKeys and Options.Unlock is needed")
