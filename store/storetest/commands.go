package storetest

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
	"wardline/store"
)

func init() { register("commands", suiteCommands) }

func suiteCommands(t *testing.T, h *Harness) {
	suiteCommandsAsked(t, h)
	suiteCommandsDelivered(t, h)
	suiteCommandsPumps(t, h)
	suiteCommandsWiped(t, h)
	suiteCommandsBatches(t, h)
	suiteCommandsLists(t, h)
	suiteCommandsModel(t, h)
}

// Clinic is a small hospital on a store, with the queue of commands and devices
// that a test plays by hand: it polls for them, opens what they are handed, and
// answers with receipts signed by their keys.
type Clinic struct {
	T       testing.TB
	Clock   *Clock
	Store   *store.Store
	Service *commands.Service
	Raw     *sql.DB

	ctx    context.Context
	signer signer
	roots  *x509.CertPool

	// Places and models that every test finds.
	Ward, Storage, Workshop device.PlaceID
	PumpModel, PhoneModel   device.ModelID
}

// People of the clinic.
var (
	helpdesk = audit.Actor{Kind: audit.ActorPerson, ID: "account-helpdesk", Name: "Hel", Session: "s1"}
	security = audit.Actor{Kind: audit.ActorPerson, ID: "account-security", Name: "Sec", Session: "s2"}
	biomed   = audit.Actor{Kind: audit.ActorPerson, ID: "account-biomed", Name: "Bio", Session: "s3"}
)

type signer struct {
	crypto.Signer
	chain []*x509.Certificate
}

func (s signer) Chain() []*x509.Certificate { return s.chain }

// commandSigner makes a root and a command signer under it.
func commandSigner(t testing.TB) (signer, *x509.CertPool) {
	t.Helper()
	rootPub, rootKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from, to := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC)
	rootTmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "command signer"}, NotBefore: from, NotAfter: to,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature, UnknownExtKeyUsage: []asn1.ObjectIdentifier{commands.OIDCommandSigning}}
	certify := func(tmpl, parent *x509.Certificate, pub ed25519.PublicKey) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, pub, rootKey)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	root := certify(rootTmpl, rootTmpl, rootPub)
	roots := x509.NewCertPool()
	roots.AddCert(root)
	return signer{Signer: key, chain: []*x509.Certificate{certify(tmpl, root, pub)}}, roots
}

// newClinic opens a clinic on a fresh database.
func newClinic(t *testing.T, h *Harness) *Clinic {
	t.Helper()
	s := h.Store()
	return NewClinic(t, s, h.Clock, h.Raw())
}

// NewClinic sets up a clinic on a store that has none yet.
func NewClinic(t testing.TB, s *store.Store, clock *Clock, raw *sql.DB) *Clinic {
	t.Helper()
	c := &Clinic{T: t, Clock: clock, Store: s, Raw: raw, ctx: context.Background()}
	c.signer, c.roots = commandSigner(t)
	c.Service = c.Serve(s)
	AddPeople(t, s, raw, helpdesk.ID, security.ID, biomed.ID)
	c.setLimit("disruptive_class_day", 100)
	c.Ward, c.Storage, c.Workshop = c.place("Ward 4", true), c.place("Store room", false), c.place("Workshop", false)
	c.PumpModel = c.model(device.Model{Maker: "Pumpmaker", Name: "LVP 1", Class: device.ClassPumpLVP, NetworkCut: device.NetworkCutUnknown,
		Capabilities: []device.Kind{device.KindRefresh, device.KindLocate, device.KindRestart, device.KindLock, device.KindUnlock,
			device.KindWipe, device.KindConfig, device.KindFirmware, device.KindRing}})
	c.PhoneModel = c.model(device.Model{Maker: "Phonemaker", Name: "P 1", Class: device.ClassPhoneIssued,
		Capabilities: []device.Kind{device.KindRefresh, device.KindLocate, device.KindLock, device.KindUnlock, device.KindLostModeOn,
			device.KindLostModeOff, device.KindRing, device.KindMessage, device.KindConfig, device.KindWipe, device.KindRestart}})
	return c
}

// setLimit makes a limit's number hold from now on, as if two people had agreed
// to it long ago. The clinic has a handful of devices, where 5 % of a class is
// one: tests that are not about that share raise it.
func (c *Clinic) setLimit(rule string, number int) {
	c.T.Helper()
	c.exec(`INSERT INTO limit_change (id, rule, number_was, number, reason, asked_by, asked_at, effective_at) VALUES ($1, $2, 0, $3, 'a test', '{}', 1, $4)`,
		newID(), rule, number, c.Clock.Now().UnixMicro())
	if err := c.Store.AdoptRows(c.ctx); err != nil {
		c.T.Fatal(err)
	}
}

// AddPeople gives people whom a test makes up an account that can be believed:
// what they approve is handed out only then.
func AddPeople(t testing.TB, s *store.Store, raw *sql.DB, ids ...string) {
	t.Helper()
	for _, id := range ids {
		_, err := raw.Exec(`INSERT INTO account (id, username, name, roles, scope, is_admin, is_approver, created_at, updated_at)
			VALUES ($1, $1, $1, '[]', '{}', FALSE, FALSE, 1, 1)`, id)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AdoptRows(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// Serve starts a service on a store: a server.
func (c *Clinic) Serve(s *store.Store) *commands.Service {
	return commands.New(commands.Options{Storage: s, Now: c.Clock.Now,
		Signer:    func() (commands.Signer, error) { return c.signer, nil },
		Approvers: func(device.Kind, device.Class) string { return "biomed or security" }})
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (c *Clinic) place(name string, care bool) device.PlaceID {
	c.T.Helper()
	p := device.Place{ID: device.PlaceID(newID()), Kind: device.PlaceWard, Name: name, CareArea: care}
	err := c.Store.ChangePlace(c.ctx, p.ID, func([]inventory.PlaceRecord) (*device.Place, error) { return &p, nil },
		audit.Event{Actor: helpdesk, Action: "place.created", Subject: "place:" + string(p.ID)})
	if err != nil {
		c.T.Fatal(err)
	}
	return p.ID
}

func (c *Clinic) model(m device.Model) device.ModelID {
	c.T.Helper()
	m.ID = device.ModelID(newID())
	err := c.Store.CreateModel(c.ctx, m, audit.Event{Actor: helpdesk, Action: "model.created", Subject: "model:" + string(m.ID)})
	if err != nil {
		c.T.Fatal(err)
	}
	return m.ID
}

// Gadget is one device as a test plays it. Its key is shared with all others: what
// is tested is whose certificate it is, not the arithmetic.
type Gadget struct {
	c          *Clinic
	ID         device.ID
	Serial     string
	Class      device.Class
	Enrollment device.EnrollmentID
	Print      device.Fingerprint
	// Therapy is what a pump senses; "" for everything else.
	Therapy device.Reported
	// Locked is what the device says of its own screen.
	Locked bool
}

var gadgetKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// Phone is an issued phone, enrolled.
func (c *Clinic) Phone() *Gadget {
	c.T.Helper()
	return c.gadget(device.ClassPhoneIssued, c.PhoneModel, device.Custody{Kind: device.CustodyPerson, Which: "Ada"}, c.Workshop)
}

// Device is an enrolled device of any class and model, in any hands.
func (c *Clinic) Device(class device.Class, model device.ModelID, custody device.Custody, place device.PlaceID) *Gadget {
	c.T.Helper()
	return c.gadget(class, model, custody, place)
}

// Place adds a ward in which nobody is treated.
func (c *Clinic) Place(name string) device.PlaceID {
	c.T.Helper()
	return c.place(name, false)
}

// Model adds a model.
func (c *Clinic) Model(m device.Model) device.ModelID {
	c.T.Helper()
	return c.model(m)
}

// SetLimit is setLimit for other packages.
func (c *Clinic) SetLimit(rule string, number int) {
	c.T.Helper()
	c.setLimit(rule, number)
}

// RestoreLimit gives a limit back the number that it has in the table: a clinic
// lets the share of a class be, which its few devices would use up.
func (c *Clinic) RestoreLimit(rule string) {
	c.T.Helper()
	c.exec(`DELETE FROM limit_change WHERE rule = $1`, rule)
}

// Pump is a large-volume pump that is idle: stopped, in the store room.
func (c *Clinic) Pump() *Gadget {
	c.T.Helper()
	g := c.gadget(device.ClassPumpLVP, c.PumpModel, device.Custody{Kind: device.CustodyStorage, Which: "Store room"}, c.Storage)
	g.Therapy = device.ReportedStopped
	g.Report()
	return g
}

func (c *Clinic) gadget(class device.Class, model device.ModelID, custody device.Custody, place device.PlaceID) *Gadget {
	c.T.Helper()
	g := &Gadget{c: c, ID: device.ID(newID()), Class: class}
	g.Serial = "SN-" + string(g.ID)
	err := c.Store.CreateDevice(c.ctx, device.Device{ID: g.ID, Class: class, Model: model, Serial: g.Serial,
		Management: device.ManagementAgent, Stage: device.StageInService, Condition: device.ConditionReady, Custody: custody, Place: place},
		audit.Event{Actor: helpdesk, Action: "device.created", Device: string(g.ID)})
	if err != nil {
		c.T.Fatal(err)
	}
	g.Enroll()
	g.Report()
	return g
}

// Enroll gives the device a new enrollment with a certificate, and uses it for
// the first time.
func (g *Gadget) Enroll() {
	g.c.T.Helper()
	var epoch int
	if err := g.c.Raw.QueryRow("SELECT COUNT(*) FROM enrollment WHERE device_id = $1", string(g.ID)).Scan(&epoch); err != nil {
		g.c.T.Fatal(err)
	}
	g.Enrollment = device.EnrollmentID(newID())
	print := make([]byte, 32)
	if _, err := rand.Read(print); err != nil {
		g.c.T.Fatal(err)
	}
	g.Print = device.Fingerprint(hex.EncodeToString(print))
	now := g.c.Clock.Now()
	g.c.exec(`INSERT INTO enrollment (id, device_id, epoch, class, model_id, serial, state, created_at) VALUES ($1, $2, $3, $4, '', $5, 'issued', $6)`,
		string(g.Enrollment), string(g.ID), epoch+1, string(g.Class), g.Serial, now.UnixMicro())
	g.c.exec(`INSERT INTO certificate (serial, purpose, subject, device_id, enrollment_id, class, fingerprint, not_before, not_after, recorded_at, issued_at)
		VALUES ($1, 'device', '', $2, $3, $4, $5, $6, $7, $6, $6)`,
		hex.EncodeToString(print[:16]), string(g.ID), string(g.Enrollment), string(g.Class), string(g.Print), now.UnixMicro(), now.AddDate(30, 0, 0).UnixMicro())
	if _, err := g.c.Store.Complete(g.c.ctx, g.Print, "agent"); err != nil {
		g.c.T.Fatal(err)
	}
}

// exec runs plain SQL beside the store.
func (c *Clinic) exec(query string, args ...any) {
	c.T.Helper()
	if _, err := c.Raw.Exec(query, args...); err != nil {
		c.T.Fatalf("%s: %v", query, err)
	}
}

// Report stores what the device says now, as its telemetry does.
func (g *Gadget) Report() {
	g.c.T.Helper()
	now := g.c.Clock.Now().UnixMicro()
	g.c.exec(`UPDATE device_report SET received_at = $1, therapy = $2, therapy_at = $1, therapy_age_us = 0, locked = $3 WHERE device_id = $4`,
		now, string(g.Therapy), g.Locked, string(g.ID))
	if g.Therapy != "" {
		g.c.exec(`UPDATE device SET ever_reported_therapy = $1 WHERE id = $2`, true, string(g.ID))
	}
}

// Change changes the device's record, as a person does.
func (g *Gadget) Change(change func(*device.Device)) {
	g.c.T.Helper()
	_, err := g.c.Store.ChangeDevice(g.c.ctx, g.ID, func(r inventory.Record) (*inventory.Decided, error) {
		change(&r.Device)
		return &inventory.Decided{Device: r.Device, Events: []audit.Event{{Actor: helpdesk, Action: "device.changed", Device: string(g.ID)}}}, nil
	})
	if err != nil {
		g.c.T.Fatal(err)
	}
}

// Lose reports the device lost.
func (g *Gadget) Lose() {
	g.Change(func(d *device.Device) {
		d.Holds = append(d.Holds, device.Hold{Kind: device.HoldLost, Reason: "left in a taxi", Since: g.c.Clock.Now(), MayLift: "helpdesk"})
	})
}

// Find ends that.
func (g *Gadget) Find() {
	g.Change(func(d *device.Device) {
		d.Holds = slices.DeleteFunc(d.Holds, func(h device.Hold) bool { return h.Kind == device.HoldLost })
	})
}

// Poll is the device's poll at this moment.
func (g *Gadget) Poll() commands.Poll {
	now := g.c.Clock.Now()
	r := device.Report{ReceivedAt: now, Therapy: g.Therapy, BatteryPercent: 80, Locked: g.Locked}
	if g.Therapy != "" {
		r.TherapyAt = now
	}
	return commands.Poll{Enrollment: g.Enrollment, Device: g.ID, Class: g.Class, Report: r, BootID: "boot", Sequence: 1}
}

// Delivered is an envelope that a device has opened.
type Delivered struct {
	commands.Envelope
	Told commands.Order
}

// Take polls and opens what is handed out.
func (g *Gadget) Take() []Delivered {
	g.c.T.Helper()
	got, _ := g.TakeFrom(g.c.Service, g.Poll())
	return got
}

// TakeAll polls for all of them at once and opens what each is handed.
func (c *Clinic) TakeAll(gadgets []*Gadget) map[device.ID][]Delivered {
	c.T.Helper()
	polls := make([]commands.Poll, len(gadgets))
	for i, g := range gadgets {
		polls[i] = g.Poll()
	}
	leased, err := c.Service.Lease(c.ctx, polls)
	if err != nil {
		c.T.Fatalf("lease: %v", err)
	}
	out := map[device.ID][]Delivered{}
	for _, g := range gadgets {
		if got := c.open(leased[g.Enrollment]); len(got) > 0 {
			out[g.ID] = got
		}
	}
	return out
}

// TakeFrom polls a server and opens what is handed out.
func (g *Gadget) TakeFrom(s *commands.Service, p commands.Poll) ([]Delivered, commands.Leased) {
	g.c.T.Helper()
	leased, err := s.Lease(g.c.ctx, []commands.Poll{p})
	if err != nil {
		g.c.T.Fatalf("lease: %v", err)
	}
	l := leased[p.Enrollment]
	return g.c.open(l), l
}

func (c *Clinic) open(l commands.Leased) []Delivered {
	c.T.Helper()
	var out []Delivered
	for _, jws := range l.Envelopes {
		e, o, err := commands.OpenEnvelope(jws, c.roots, c.Clock.Now())
		if err != nil {
			c.T.Fatalf("open an envelope: %v", err)
		}
		out = append(out, Delivered{e, o})
	}
	return out
}

// Answer sends one result with a receipt, and requires that it is settled.
func (g *Gadget) Answer(d Delivered, status commands.ResultStatus, reason string) {
	g.c.T.Helper()
	r := g.Result(d, status)
	r.Reason = reason
	g.Send(r)
}

// Result is a result with the device's receipt.
func (g *Gadget) Result(d Delivered, status commands.ResultStatus) commands.Result {
	g.c.T.Helper()
	receipt, err := commands.SignReceipt(gadgetKey(), commands.Receipt{Command: d.Told.Command, Device: g.ID, Enrollment: g.Enrollment,
		OrderHash: commands.HashOrder(d.Order), Attempt: d.Attempt, Status: status, BootID: "boot", At: g.c.Clock.Now()})
	if err != nil {
		g.c.T.Fatal(err)
	}
	return commands.Result{Command: d.Told.Command, Status: status, Receipt: receipt}
}

// Send sends results as they are.
func (g *Gadget) Send(results ...commands.Result) {
	g.c.T.Helper()
	settled, err := g.c.Service.Settle(g.c.ctx, commands.Identity{Device: g.ID, Enrollment: g.Enrollment,
		Fingerprint: g.Print, PublicKey: &gadgetKey().PublicKey}, results)
	if err != nil {
		g.c.T.Fatalf("settle: %v", err)
	}
	for _, r := range results {
		if !slices.Contains(settled, r.Command) {
			g.c.T.Errorf("the result for %s was not settled", r.Command)
		}
	}
}

// ask requires that a request is taken in.
func (c *Clinic) ask(g *Gadget, kind device.Kind, change ...func(*commands.Ask)) commands.Command {
	c.T.Helper()
	got, err := c.request(helpdesk, g, kind, change...)
	if err != nil {
		c.T.Fatalf("ask %s: %v", kind, err)
	}
	return got
}

func (c *Clinic) request(actor audit.Actor, g *Gadget, kind device.Kind, change ...func(*commands.Ask)) (commands.Command, error) {
	ask := commands.Ask{Device: g.ID, Kind: kind, Reason: "a test"}
	for _, f := range change {
		f(&ask)
	}
	return c.Service.Request(c.ctx, actor, ask)
}

func held(a *commands.Ask)                         { a.HoldUntilIdle = true }
func args(text string) func(*commands.Ask)         { return func(a *commands.Ask) { a.Args = []byte(text) } }
func subkind(s device.Subkind) func(*commands.Ask) { return func(a *commands.Ask) { a.Subkind = s } }
func within(d time.Duration) func(*commands.Ask)   { return func(a *commands.Ask) { a.ExpiresIn = d } }
func (c *Clinic) get(id commands.ID) commands.Command {
	c.T.Helper()
	got, err := c.Service.Get(c.ctx, id)
	if err != nil {
		c.T.Fatal(err)
	}
	return got
}

// is requires a command's state.
func (c *Clinic) is(id commands.ID, want commands.State) commands.Command {
	c.T.Helper()
	got := c.get(id)
	if got.State != want {
		c.T.Fatalf("the command is %q (%s), want %q", got.State, got.StateReason, want)
	}
	return got
}

// says requires the sentence that tells why a command waits.
func (c *Clinic) says(id commands.ID, want string) {
	c.T.Helper()
	if got := c.get(id).WhyWaiting; got != want {
		c.T.Errorf("why it waits:\n got %s\nwant %s", got, want)
	}
}

// expire runs the background step.
func (c *Clinic) expire() {
	c.T.Helper()
	if err := c.Service.Expire(c.ctx); err != nil {
		c.T.Fatal(err)
	}
}

// refused requires a fault with this code.
func refused(t testing.TB, err error, code string) *fault.Fault {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Code.Name != code {
		t.Fatalf("the answer is %v, want the refusal %s", err, code)
	}
	return f
}

// kinds lists what was handed out.
func kinds(list []Delivered) []device.Kind {
	out := make([]device.Kind, len(list))
	for i, d := range list {
		out[i] = d.Told.Kind
	}
	return out
}

// only requires that exactly one command of the kind was handed out.
func (g *Gadget) only(kind device.Kind) Delivered {
	g.c.T.Helper()
	got := g.Take()
	if len(got) != 1 || got[0].Told.Kind != kind {
		g.c.T.Fatalf("handed out %v, want one %s", kinds(got), kind)
	}
	return got[0]
}

// nothing requires that nothing is handed out.
func (g *Gadget) nothing() {
	g.c.T.Helper()
	if got := g.Take(); len(got) != 0 {
		g.c.T.Fatalf("handed out %v, want nothing", kinds(got))
	}
}

// actions lists the audit events about a command, in order.
func (c *Clinic) actions(id commands.ID) []string {
	c.T.Helper()
	rows, err := c.Raw.Query("SELECT action FROM audit_event WHERE command_id = $1 ORDER BY id", string(id))
	if err != nil {
		c.T.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var a string
		if err := rows.Scan(&a); err != nil {
			c.T.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}
