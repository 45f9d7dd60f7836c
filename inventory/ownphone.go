package inventory

import (
	"context"
	"regexp"
	"strings"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// OwnPhone is a phone that somebody registers themselves and that nothing can
// manage yet: a record with an owner.
type OwnPhone struct {
	Sort OwnSort
	// Issued: the hospital's; otherwise the person's own.
	Issued      bool
	Owner       string
	IMEI        string
	PhoneNumber string
	Contact     string
	// Terms name the text that the person agreed to.
	Terms string
	// Expected: somebody has to agree before it counts as there.
	Expected bool
}

// OwnSort is what sort of phone it is.
type OwnSort string

// The sorts of phone.
const (
	OwnIPhone  OwnSort = "iphone"
	OwnAndroid OwnSort = "android"
	OwnOther   OwnSort = "other"
)

// MostOwnPhones is how many phones one person registers.
const MostOwnPhones = 4

// TagSelfRegistered marks what people registered themselves.
const TagSelfRegistered = "self-registered"

var (
	codeOwnPhones = fault.Define(fault.Refused, "own_phones", "Call the help desk: it takes off your list what you no longer have.")
	phonePattern  = regexp.MustCompile(`^\+?[0-9][0-9 ()/.-]{1,30}[0-9]$`)
)

// ownModel is the model that stands for all phones of a sort: of a record nobody
// knows more.
func (p OwnPhone) ownModel() (device.Model, bool) {
	m := device.Model{Maker: "Apple", Name: "iPhone", Class: device.ClassPhonePersonal}
	switch p.Sort {
	case OwnIPhone:
	case OwnAndroid:
		m.Maker, m.Name = "Android", "phone"
	case OwnOther:
		m.Maker, m.Name = "Other", "phone"
	default:
		return m, false
	}
	m.Name += ", personal"
	if p.Issued {
		m.Class, m.Name = device.ClassPhoneIssued, strings.TrimSuffix(m.Name, ", personal")+", work"
	}
	return m, true
}

// RegisterOwn registers a phone as a record. It can be neither locked nor wiped:
// whoever shows it says so.
func (s *Service) RegisterOwn(ctx context.Context, actor audit.Actor, p OwnPhone) (Item, error) {
	bad := fault.CodeInvalid.New("The device cannot be registered.")
	model, known := p.ownModel()
	if !known {
		bad.WithField("kind", "must be one of iphone, android, other")
	}
	imei, err := ParseIMEI(p.IMEI)
	if err != nil {
		bad.WithField("imei", "%s", err)
	}
	p.PhoneNumber, p.Contact = strings.TrimSpace(p.PhoneNumber), strings.TrimSpace(p.Contact)
	if p.PhoneNumber != "" && !phonePattern.MatchString(p.PhoneNumber) {
		bad.WithField("phone_number", "is not a telephone number")
	}
	checkText("contact", p.Contact, maxText, bad)
	if len(bad.Fields) > 0 {
		return Item{}, bad
	}
	if err := s.RoomForOwn(ctx, p.Owner); err != nil {
		return Item{}, err
	}
	if model, err = s.ensureModel(ctx, model); err != nil {
		return Item{}, err
	}
	draft := Draft{Model: model.ID, Serial: imei, IMEI: imei, Management: device.ManagementRecord, Owner: p.Owner,
		PhoneNumber: p.PhoneNumber, Contact: p.Contact, Tags: []string{TagSelfRegistered}, Terms: p.Terms,
		Custody: device.Custody{Kind: device.CustodyPerson, Which: p.Owner}, Condition: device.ConditionInUse}
	if p.Expected {
		draft.Stage = device.StageExpected
	}
	return s.Create(ctx, actor, draft)
}

// RoomForOwn says whether somebody may register one phone more.
func (s *Service) RoomForOwn(ctx context.Context, owner string) error {
	page, err := s.Find(ctx, Query{Limit: 1, Filters: Filters{Owner: owner, Current: true, Tag: []string{TagSelfRegistered}}})
	if err == nil && page.Total >= MostOwnPhones {
		return codeOwnPhones.New("You have registered %d phones, which is as many as one person can.", page.Total)
	}
	return err
}

// ensureModel finds a model by its name, or adds it; of two that add it at once,
// one finds the other's.
func (s *Service) ensureModel(ctx context.Context, want device.Model) (device.Model, error) {
	find := func() (device.Model, bool, error) {
		all, err := s.Models(ctx)
		for _, m := range all {
			if m.Maker == want.Maker && m.Name == want.Name {
				return m, true, nil
			}
		}
		return want, false, err
	}
	m, there, err := find()
	if err != nil || there {
		return m, err
	}
	made, err := s.CreateModel(ctx, audit.Actor{Kind: audit.ActorSystem, ID: "self-service"}, want)
	if _, refused := fault.As(err); refused {
		if m, there, again := find(); again == nil && there {
			return m, nil
		}
	}
	return made, err
}
