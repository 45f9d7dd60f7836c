package evidence

import (
	"strings"
	"time"

	"wardline/commands"
	"wardline/device"
)

// builder puts a report together.
type builder struct {
	Input
	l   labels
	out Report
}

// Build makes the report of what is known.
func Build(in Input) Report {
	if in.Say == nil {
		in.Say = func(s string) string { return s }
	}
	b := &builder{Input: in, l: pick(in.German)}
	d := in.Device
	b.out = Report{Title: b.l["title"] + ": " + in.Say(d.Class.Words()) + " " + d.Serial, Language: b.l["lang"], DeviceID: d.ID, Serial: d.Serial,
		MadeAt: in.Now, MadeBy: in.MadeBy, HeadSeq: in.HeadSeq, HeadHash: in.HeadHash, labels: b.l, Summary: b.summary()}
	b.device()
	b.holder()
	b.loss()
	b.seen()
	b.protection()
	b.erasing()
	b.network()
	for _, c := range in.Commands {
		b.out.Orders = append(b.out.Orders, b.order(c))
	}
	b.unknown()
	b.out.Notes = append(b.out.Notes, b.l["note.receipt"], b.l["note.age"], b.l["note.times"], b.l.f("note.chain", in.HeadSeq, in.HeadHash))
	return b.out
}

func (b *builder) summary() string {
	l := b.Loss
	switch {
	case l == nil:
		return b.l["sum.none"]
	case !l.FoundAt.IsZero():
		return b.l.f("sum.found", b.l.at(l.At), b.l.at(l.FoundAt))
	case l.Stolen:
		return b.l.f("sum.stolen", b.l.at(l.At))
	}
	return b.l.f("sum.lost", b.l.at(l.At))
}

// section opens a section.
func (b *builder) section(id string) {
	b.out.Sections = append(b.out.Sections, Section{ID: id, Title: b.l["sec."+id]})
}

func (b *builder) add(f Fact) {
	s := &b.out.Sections[len(b.out.Sections)-1]
	if f.Label == "" {
		f.Label = b.l[f.ID]
	}
	s.Facts = append(s.Facts, f)
}

// fact adds what is known; an empty value is not, and unknown says so.
func (b *builder) fact(id, value, unknown, source string, at time.Time) {
	f := Fact{ID: id, Value: value, Known: value != "", Source: b.l[source]}
	if !f.Known {
		f.Value = b.l[unknown]
	}
	if !at.IsZero() {
		at = at.UTC()
		f.At, f.Age = &at, b.l.ago(b.Now, at)
	}
	b.add(f)
}

func (b *builder) device() {
	d := b.Device
	b.section("device")
	b.fact("class", b.Say(d.Class.Words()), "unknown", "src.record", d.UpdatedAt)
	b.fact("model", strings.TrimSpace(b.Model.Maker+" "+b.Model.Name), "unknown", "src.record", time.Time{})
	b.fact("serial", d.Serial, "unknown", "src.record", time.Time{})
	b.fact("asset_tag", d.AssetTag, "unknown", "src.record", time.Time{})
	b.fact("imei", d.IMEI, "unknown", "src.record", time.Time{})
	b.fact("management", b.management(), "unknown", "src.record", time.Time{})
	b.fact("stage", b.stage(), "unknown", "src.record", time.Time{})
}

func (b *builder) holder() {
	d := b.Device
	b.section("holder")
	b.fact("holder", d.Owner, "nobody", "src.record", d.UpdatedAt)
	b.fact("custody", b.custody(), "unknown", "src.record", d.UpdatedAt)
	b.fact("place", b.Place, "nowhere", "src.record", d.UpdatedAt)
}

func (b *builder) loss() {
	b.section("loss")
	l := b.Loss
	if l == nil {
		b.fact("reported_at", "", "noloss", "src.audit", time.Time{})
		return
	}
	by := "by"
	if l.Own {
		by = "own"
	}
	b.fact("reported_at", b.l.at(l.At), "unknown", "src.audit", l.At)
	b.fact("reported_by", b.l.f(by, l.By, orWords(l.Factor, b.l["unknown"])), "unknown", "src.audit", l.At)
	b.fact("circumstances", l.Reason, "unknown", "src.audit", l.At)
	how := "lost"
	if l.Stolen {
		how = "stolen"
	}
	b.fact("how", b.l[how], "unknown", "src.audit", l.At)
	if l.FoundAt.IsZero() {
		b.fact("found", b.l["notfound"], "unknown", "src.audit", time.Time{})
		return
	}
	b.fact("found", b.l.f("byOn", b.l.at(l.FoundAt), l.FoundBy, l.FoundReason), "unknown", "src.audit", l.FoundAt)
}

func orWords(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (b *builder) seen() {
	b.section("seen")
	heard := b.Device.Report.ReceivedAt
	if l := b.Loss; l != nil {
		switch {
		case !l.LastHeard.IsZero():
			f := Fact{ID: "heard_before", Value: b.l.at(l.LastHeard), Known: true, Source: b.l["src.device"], At: &l.LastHeard, Age: b.beforeLoss(l.LastHeard)}
			b.add(f)
		case l.Recorded:
			b.fact("heard_before", b.l["never"], "unknown", "src.audit", time.Time{})
		default:
			b.fact("heard_before", "", "notthen", "src.audit", time.Time{})
		}
	}
	if heard.IsZero() {
		b.fact("heard", b.l["never"], "unknown", "src.device", time.Time{})
	} else {
		b.fact("heard", b.l.at(heard), "unknown", "src.device", heard)
	}
	if b.WhereHidden {
		b.fact("where", "", "hidden", "src.point", time.Time{})
		return
	}
	b.fact("where", b.Where, "notkept", "src.point", b.WhereAt)
}

func (b *builder) beforeLoss(at time.Time) string {
	if s := b.l.span(b.Loss.At.Sub(at)); s != "" {
		return b.l.f("before", s)
	}
	return b.l["now"]
}

// protection is what the device said of itself before the loss. What it says
// afterwards may be what a thief makes it say.
func (b *builder) protection() {
	b.section("protection")
	for _, p := range []struct {
		id string
		of func(*Loss) *bool
	}{
		{"encryption", func(l *Loss) *bool { return l.Encrypted }}, {"passcode", func(l *Loss) *bool { return l.Passcode }}, {"locked", func(l *Loss) *bool { return l.Locked }},
	} {
		l := b.Loss
		switch {
		case l == nil:
			b.fact(p.id, "", "noloss", "src.device", time.Time{})
		case !l.Recorded:
			b.fact(p.id, "", "notthen", "src.device", time.Time{})
		case p.of(l) == nil:
			b.fact(p.id, "", "notsaid", "src.device", time.Time{})
		default:
			word := "no"
			if *p.of(l) {
				word = "yes"
			}
			b.add(Fact{ID: p.id, Value: b.l[word], Known: true, Source: b.l["src.device"], At: &l.LastHeard, Age: b.beforeLoss(l.LastHeard)})
		}
	}
}

func (b *builder) erasing() {
	b.section("wipe")
	b.fact("erases", b.Model.WipeErases, "norecord", "src.model", time.Time{})
	b.fact("keeps", b.Model.WipeKeeps, "norecord", "src.model", time.Time{})
}

func (b *builder) network() {
	b.section("network")
	status := b.CertificateStatus
	if status == "valid" {
		status = "active"
	}
	b.fact("certificate", b.l["status."+status], "nocert", "src.ca", b.Now)
	for _, c := range b.Cuts {
		b.fact("cut", b.l.f("byOn", b.l["cut."+c.Action], c.By, b.Say(c.Why)), "unknown", "src.audit", c.At)
	}
}

// order says what was asked and what became of it.
func (b *builder) order(c commands.Command) Order {
	o := Order{CommandID: c.ID, Kind: c.Kind, Words: b.Say(c.Kind.Words()), Reason: c.Reason, Outcome: string(c.Outcome), Hash: c.OrderHash}
	step := func(at time.Time, words string) {
		if !at.IsZero() {
			o.Steps = append(o.Steps, Step{At: at, Words: words})
		}
	}
	step(c.CreatedAt, b.l.f("step.asked", orWords(c.Requester.Name, c.Requester.ID)))
	for _, a := range c.Approvals {
		step(a.At, b.l.f("step.approved", orWords(a.Actor.Name, a.Actor.ID)))
	}
	step(c.DeliveredAt, b.l["step.delivered"])
	step(c.AcceptedAt, b.l["step.accepted"])
	if c.State.Ended() {
		step(c.EndedAt, b.l.f("step.ended", b.Say(c.State.Words())))
	}
	o.Stands = b.Say(c.WhyWaiting)
	if c.Outcome != commands.OutcomeNone {
		o.Stands = b.Say(c.Outcome.Words(b.Device.Report.ReceivedAt))
	}
	o.Receipt = b.l["receipt.no"]
	for _, r := range b.Receipts[c.ID] {
		if !r.Valid {
			o.Receipt, o.Proof = b.l["receipt.bad"], false
			continue
		}
		o.Receipt, o.Proof = b.l.f("receipt.yes", b.result(r.Status), b.l.at(r.At)), true
	}
	return o
}

// unknown collects what is not known: what has to be said of every lost device,
// and each fact above that is missing.
func (b *builder) unknown() {
	say := func(key string) { b.out.Unknown = append(b.out.Unknown, b.l[key]) }
	if b.Loss != nil && b.Loss.FoundAt.IsZero() {
		say("not.where")
	}
	say("not.read")
	outcome := commands.OutcomeNone
	for _, c := range b.Commands {
		if c.Kind == device.KindWipe {
			outcome = c.Outcome
		}
	}
	switch outcome {
	case commands.OutcomeNone:
		say("not.wiped")
	case commands.OutcomeStarted:
		say("not.erased")
	case commands.OutcomeNotReached:
		say("not.reached")
	}
	for _, s := range b.out.Sections {
		for _, f := range s.Facts {
			if !f.Known {
				b.out.Unknown = append(b.out.Unknown, f.Label+": "+lowerFirst(f.Value)+".")
			}
		}
	}
	if b.MoreCommands {
		say("older")
	}
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
