package enroll

import (
	"context"
	"fmt"
	"strings"
	"time"

	"wardline/audit"
	"wardline/ca"
	"wardline/device"
	"wardline/internal/fault"
)

// Bounds of what people may ask for.
const (
	minExpiry      = 5 * time.Minute
	maxExpiry      = 90 * 24 * time.Hour
	defaultExpiry  = 7 * 24 * time.Hour
	maxSerial      = 64
	maxPackingList = 5000
	maxBenchTime   = 12 * time.Hour
)

// The codes of what can be wrong with an invitation.
var (
	CodeDeliveryClosed = fault.Define(fault.Conflict, "delivery_not_open",
		"Open the delivery on the bench, then let the device try again.")
	CodeNotPacked = fault.Define(fault.Refused, "serial_not_in_delivery",
		"Compare the serial number with the packing list; invite the device by its serial number if it really belongs here.")
	CodeModelUnknown = fault.Define(fault.Invalid, "model_unknown", "Choose a model from the list, or add it first.")
	CodeAmbiguous    = fault.Define(fault.Conflict, "serial_ambiguous", "Say the model as well.")
)

// Invite makes an invitation. The code and the challenge are in the answer and
// nowhere else: only their hashes are stored.
func (s *Service) Invite(ctx context.Context, actor audit.Actor, inv Invitation) (Issued, error) {
	if err := s.checkAddresses(); err != nil {
		return Issued{}, err
	}
	if err := inv.check(); err != nil {
		return Issued{}, err
	}
	code, err := newCode(s.opts.Random)
	if err != nil {
		return Issued{}, err
	}
	out := Issued{Code: code, Server: s.opts.DeviceURL, SCEPURL: s.SCEPURL(), CAFingerprint: s.opts.CA.Fingerprint()}
	var challenge *Challenge
	if inv.Serial != "" {
		if out.SCEPChallenge, err = newChallenge(s.opts.Random); err != nil {
			return Issued{}, err
		}
		challenge = &Challenge{Hash: hashSecret(out.SCEPChallenge), Serial: inv.Serial}
	}
	var joins device.ID
	out.Invitation, err = s.opts.Store.CreateInvitation(ctx, actor, inv, hashSecret(strings.ReplaceAll(code, "-", "")), challenge,
		func(f InviteFacts) (Invitation, error) {
			checked, record, err := inv.fit(f)
			joins = record
			return checked, err
		})
	if err != nil {
		return Issued{}, err
	}
	if inv.Serial != "" {
		out.Subject = s.subject(out.Invitation, joins, inv.Serial)
	}
	out.EnrollURL = Link{Server: s.opts.DeviceURL, Code: code, CA: out.CAFingerprint}.String()
	if out.QRPNG, err = qrPNG(out.EnrollURL); err != nil {
		return Issued{}, err
	}
	return out, nil
}

// subject is the subject that the certificate will have, for people.
func (s *Service) subject(inv Invitation, id device.ID, serial string) string {
	if id == "" {
		id = "(chosen when the device enrolls)"
	}
	return s.opts.CA.DeviceSubject(ca.DeviceRequest{Device: id, Class: inv.Class, MakerSerial: serial})
}

// check looks at what can be seen without the database.
func (inv *Invitation) check() error {
	inv.Serial = strings.TrimSpace(inv.Serial)
	f := fault.CodeInvalid.New("The invitation cannot be made like this.")
	if !inv.Class.Valid() {
		f = f.WithField("class", "There is no class %q.", string(inv.Class))
	}
	switch inv.For {
	case ForSerial:
		if inv.Serial == "" {
			f = f.WithField("serial", "Say which serial number is invited.")
		}
	case ForDelivery:
		if inv.Delivery == "" || inv.Serial != "" {
			f = f.WithField("delivery", "Say which delivery is invited; the serial numbers are on its packing list.")
		}
	case ForPerson:
		if !inv.Class.IsPersonal() {
			f = f.WithField("class", "A %s is invited by its serial number or its delivery, not for a person.", inv.Class.Words())
		}
		if strings.TrimSpace(inv.Owner) == "" {
			f = f.WithField("owner", "Say for whom it is.")
		}
	default:
		f = f.WithField("for", "It must be %s, %s or %s.", ForSerial, ForDelivery, ForPerson)
	}
	if inv.Serial != "" && !goodSerial(inv.Serial) {
		f = f.WithField("serial", "A serial number has 1 to %d printable characters.", maxSerial)
	}
	switch inv.Management {
	case "":
		inv.Management = device.ManagementAgent
	case device.ManagementAgent, device.ManagementCertificate:
	default:
		f = f.WithField("management", "It must be %s or %s.", device.ManagementAgent, device.ManagementCertificate)
	}
	if inv.ExpiresIn == 0 {
		inv.ExpiresIn = defaultExpiry
	}
	if inv.ExpiresIn < minExpiry || inv.ExpiresIn > maxExpiry {
		f = f.WithField("expires_in", "An invitation is good for 5 minutes to 90 days.")
	}
	if len(f.Fields) > 0 {
		return f
	}
	return nil
}

// goodSerial: what can stand in a certificate's serialNumber attribute.
func goodSerial(s string) bool {
	if s == "" || len(s) > maxSerial {
		return false
	}
	for _, c := range s {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

// fit compares an invitation with what is known: the model's class, and the
// record that the serial number belongs to. record is that record's device.
func (inv Invitation) fit(f InviteFacts) (_ Invitation, record device.ID, err error) {
	if inv.For == ForDelivery {
		if f.Delivery == nil {
			return inv, "", fault.CodeNotFound.New("There is no such delivery.")
		}
		inv.Model, inv.Place = f.Delivery.Model, f.Delivery.Place
		if inv.Class != f.Delivery.Class {
			return inv, "", CodeClassDiffers.New("The delivery is of class %s.", f.Delivery.Class.Words())
		}
	}
	if inv.Model != "" && f.Model == nil {
		return inv, "", CodeModelUnknown.New("There is no such model.")
	}
	if f.Model != nil && inv.Model != "" && f.Model.Class != inv.Class {
		return inv, "", CodeClassDiffers.New("The model %s %s is a %s.", f.Model.Maker, f.Model.Name, f.Model.Class.Words())
	}
	if inv.For == ForDelivery {
		return inv, "", nil
	}
	var found *device.Device
	for i, d := range f.Records {
		if inv.Model != "" && d.Model != inv.Model {
			continue
		}
		if found != nil {
			return inv, "", CodeAmbiguous.New("Two devices have the serial number %s: say which model is meant.", inv.Serial)
		}
		found = &f.Records[i]
	}
	if found == nil {
		return inv, "", nil
	}
	if found.Class != inv.Class {
		return inv, "", CodeClassDiffers.New("The device %s is on record as a %s.", inv.Serial, found.Class.Words())
	}
	inv.Model = found.Model
	return inv, found.ID, nil
}

// FirstContactBy is until when an enrollment must be used for the first time;
// afterwards it is revoked.
func FirstContactBy(issuedAt time.Time) time.Time { return issuedAt.Add(completeWithin) }

// Invitations lists invitations, newest first, and says how many match.
func (s *Service) Invitations(ctx context.Context, q InvitationQuery) ([]Invitation, int, error) {
	q.Now = s.opts.Now()
	return s.opts.Store.Invitations(ctx, q)
}

// CancelInvitation takes an invitation back.
func (s *Service) CancelInvitation(ctx context.Context, actor audit.Actor, id InvitationID) error {
	return s.opts.Store.CancelInvitation(ctx, actor, id)
}

// CreateDelivery registers a consignment with its packing list. Serial numbers
// that occur twice are refused, all of them by line.
func (s *Service) CreateDelivery(ctx context.Context, actor audit.Actor, d Delivery) (Delivery, error) {
	f := fault.CodeInvalid.New("The delivery cannot be registered like this.")
	if strings.TrimSpace(d.Name) == "" {
		f = f.WithField("name", "Say what people call this delivery.")
	}
	if !d.Class.Valid() {
		f = f.WithField("class", "There is no class %q.", string(d.Class))
	}
	if len(d.Packed) == 0 || len(d.Packed) > maxPackingList {
		f = f.WithField("serials", "A packing list has 1 to %d serial numbers.", maxPackingList)
	}
	seen := map[string]int{}
	for i := range d.Packed {
		serial := strings.TrimSpace(d.Packed[i].Serial)
		d.Packed[i] = Packed{Serial: serial}
		if !goodSerial(serial) {
			f = f.WithField(fmt.Sprintf("serials[%d]", i), "A serial number has 1 to %d printable characters.", maxSerial)
			continue
		}
		if first, twice := seen[strings.ToLower(serial)]; twice {
			f = f.WithField(fmt.Sprintf("serials[%d]", i), "%s stands in serials[%d] already.", serial, first)
			continue
		}
		seen[strings.ToLower(serial)] = i
	}
	if len(f.Fields) > 0 {
		return Delivery{}, f
	}
	return s.opts.Store.CreateDelivery(ctx, actor, d)
}

// OpenDelivery says that somebody has the delivery on the bench for that long, at
// most 12 hours; zero closes it. Its serials can enroll only while it is open.
func (s *Service) OpenDelivery(ctx context.Context, actor audit.Actor, id DeliveryID, openFor time.Duration) error {
	if openFor < 0 || openFor > maxBenchTime {
		return fault.CodeInvalid.New("A delivery is open for at most 12 hours at a time.")
	}
	var until time.Time
	if openFor > 0 {
		until = s.opts.Now().Add(openFor)
	}
	return s.opts.Store.OpenDelivery(ctx, actor, id, until)
}

// Delivery returns a delivery with its packing list.
func (s *Service) Delivery(ctx context.Context, id DeliveryID) (Delivery, error) {
	return s.opts.Store.Delivery(ctx, id)
}

// Deliveries lists deliveries, newest first, without their packing lists.
func (s *Service) Deliveries(ctx context.Context, after DeliveryID, limit int) ([]Delivery, error) {
	return s.opts.Store.Deliveries(ctx, after, limit)
}
