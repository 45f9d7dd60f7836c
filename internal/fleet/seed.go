package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
	"wardline/inventory"
	"wardline/shift"
)

// Inventory is what seeding needs of inventory.Service.
type Inventory interface {
	Places(ctx context.Context) ([]inventory.PlaceRecord, error)
	CreatePlace(ctx context.Context, actor audit.Actor, p device.Place) (inventory.PlaceRecord, error)
	PutAccessPoint(ctx context.Context, actor audit.Actor, ap device.AccessPoint) error
	Models(ctx context.Context) ([]device.Model, error)
	CreateModel(ctx context.Context, actor audit.Actor, m device.Model) (device.Model, error)
	Find(ctx context.Context, q inventory.Query) (inventory.Page, error)
	Create(ctx context.Context, actor audit.Actor, draft inventory.Draft) (inventory.Item, error)
	Update(ctx context.Context, actor audit.Actor, id device.ID, version int, u inventory.Update) (inventory.Item, error)
	Hold(ctx context.Context, actor audit.Actor, id device.ID, kind device.HoldKind, reason string) (inventory.Item, error)
}

// People is what seeding needs of auth.Service.
type People interface {
	CreateAccountLocally(ctx context.Context, by audit.Actor, n auth.NewAccount) (auth.Created, error)
	SetBadgeLocally(ctx context.Context, by audit.Actor, username, number string) error
	AccountNamedLocally(ctx context.Context, username string) (auth.Account, error)
}

// Shifts is what seeding needs of shift.Service.
type Shifts interface {
	Furnish(ctx context.Context, t shift.Taking, ago time.Duration) error
}

// Invitations is what seeding needs of enroll.Service.
type Invitations interface {
	Invite(ctx context.Context, actor audit.Actor, inv enroll.Invitation) (enroll.Issued, error)
}

// Orders is what seeding needs of commands.Service.
type Orders interface {
	Request(ctx context.Context, actor audit.Actor, ask commands.Ask) (commands.Command, error)
}

// Seeder hands a hospital to a server, through the same services as everybody
// else. Everything it does may be done again: what is there already stays as it
// is.
type Seeder struct {
	Hospital    *Hospital
	Inventory   Inventory
	People      People
	Invitations Invitations
	Orders      Orders
	// Shifts may be nil: then nobody has a shared handheld.
	Shifts Shifts
	Now    func() time.Time

	places  map[string]device.PlaceID // by key
	models  map[string]device.ModelID // by key
	records map[string]device.ID      // by serial
}

// Seeding is done by the demo itself, and the audit log says so.
var seeding = audit.Actor{Kind: audit.ActorSystem, ID: "demo", Name: "Demo hospital", Via: "demo"}

// Prepare creates places, access points, models, accounts and the records of all
// devices. It comes before Fleet.Start.
func (s *Seeder) Prepare(ctx context.Context) error {
	if err := s.preparePlaces(ctx); err != nil {
		return err
	}
	if err := s.prepareModels(ctx); err != nil {
		return err
	}
	// Hashing passwords is slow by design, and needs the database least.
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0) + 1)
	group.Go(func() error { return s.prepareRecords(ctx) })
	for _, a := range s.Hospital.Accounts {
		group.Go(func() error { return s.prepareAccount(ctx, a) })
	}
	return group.Wait()
}

func (s *Seeder) preparePlaces(ctx context.Context) error {
	there, err := s.Inventory.Places(ctx)
	if err != nil {
		return fmt.Errorf("read the places: %w", err)
	}
	s.places = map[string]device.PlaceID{}
	for _, p := range s.Hospital.Places {
		want := device.Place{Parent: s.places[p.Parent], Kind: p.Kind, Name: p.Name, CareArea: p.CareArea}
		for _, r := range there {
			if r.Place.Parent == want.Parent && r.Place.Kind == want.Kind && r.Place.Name == want.Name {
				s.places[p.Key] = r.Place.ID
			}
		}
		if s.places[p.Key] != "" {
			continue
		}
		made, err := s.Inventory.CreatePlace(ctx, seeding, want)
		if err != nil {
			return fmt.Errorf("create the place %s: %w", p.Name, err)
		}
		s.places[p.Key] = made.Place.ID
	}
	for _, ap := range s.Hospital.AccessPoints {
		if len(there) == len(s.Hospital.Places) {
			break // they came with the places
		}
		err := s.Inventory.PutAccessPoint(ctx, seeding, device.AccessPoint{BSSID: ap.BSSID, Name: ap.Name, Place: s.places[ap.Place]})
		if err != nil {
			return fmt.Errorf("create the access point %s: %w", ap.Name, err)
		}
	}
	return nil
}

func (s *Seeder) prepareModels(ctx context.Context) error {
	there, err := s.Inventory.Models(ctx)
	if err != nil {
		return fmt.Errorf("read the models: %w", err)
	}
	s.models = map[string]device.ModelID{}
	for _, m := range s.Hospital.Models {
		for _, r := range there {
			if r.Maker == m.Maker && r.Name == m.Name {
				s.models[m.Key] = r.ID
			}
		}
		if s.models[m.Key] != "" {
			continue
		}
		made, err := s.Inventory.CreateModel(ctx, seeding, m.Model)
		if err != nil {
			return fmt.Errorf("create the model %s %s: %w", m.Maker, m.Name, err)
		}
		s.models[m.Key] = made.ID
	}
	return nil
}

// vendorDays is how long the vendor's account is good for.
const vendorDays = 14

func (s *Seeder) prepareAccount(ctx context.Context, a Account) error {
	n := auth.NewAccount{Username: a.Username, Name: a.Name, Roles: []auth.Role{auth.Role(a.Role)}, Password: a.Password, TOTPSeed: a.OTPSecret}
	switch n.Roles[0] {
	case auth.RoleVendor:
		n.Scope = auth.Scope{Models: []device.ModelID{s.models["lv1"], s.models["sy2"]}, Until: s.Now().AddDate(0, 0, vendorDays)}
	case auth.RoleClinician:
		n.Scope = auth.Scope{Wards: []device.PlaceID{s.places["4n"]}}
	}
	_, err := s.People.CreateAccountLocally(ctx, seeding, n)
	if f, ok := fault.As(err); ok && f.Code.Name == "username_taken" {
		return nil // by an earlier start
	}
	if err != nil {
		return fmt.Errorf("create the account %s: %w", a.Username, err)
	}
	if a.Badge != "" {
		err = s.People.SetBadgeLocally(ctx, seeding, a.Username, a.Badge)
	}
	if err != nil {
		return fmt.Errorf("give %s a badge: %w", a.Username, err)
	}
	return nil
}

// storyHandheld is a shared handheld that a nurse of 4 North has since the last
// shift: it is overdue, asks for itself, and is not locked yet.
const (
	storyHandheld = "R5-0002"
	storyHolder   = "nurse2"
	storySince    = 13*time.Hour + 45*time.Minute
)

// hand gives somebody the overdue handheld, once.
func (s *Seeder) hand(ctx context.Context) error {
	key, id := "handheld "+storyHandheld, s.records[storyHandheld]
	if s.Shifts == nil || id == "" || s.Hospital.told[key] {
		return nil
	}
	holder, err := s.People.AccountNamedLocally(ctx, storyHolder)
	if err == nil {
		err = s.Shifts.Furnish(ctx, shift.Taking{Device: id, Ward: s.places["4n"], Actor: seeding, Via: "Charging station 4 North",
			Holder: shift.Holder{Account: string(holder.ID), Username: holder.Username, Name: holder.Name}}, storySince)
	}
	if err != nil {
		return fmt.Errorf("give %s to %s: %w", storyHandheld, storyHolder, err)
	}
	s.Hospital.told[key] = true
	return nil
}

func (s *Seeder) prepareRecords(ctx context.Context) error {
	s.records = map[string]device.ID{}
	for cursor := ""; ; {
		page, err := s.Inventory.Find(ctx, inventory.Query{Limit: inventory.MaxLimit, Cursor: cursor})
		if err != nil {
			return fmt.Errorf("read the devices: %w", err)
		}
		for _, item := range page.Items {
			s.records[item.Device.Serial] = item.Device.ID
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	for _, d := range s.Hospital.Devices {
		if s.records[d.Serial] != "" {
			continue
		}
		item, err := s.Inventory.Create(ctx, seeding, inventory.Draft{
			Class: d.Class, Model: s.models[d.Model], Serial: d.Serial, Management: d.Management, AssetTag: d.AssetTag,
			Owner: d.Owner, Place: s.places[d.Place], UDI: d.UDI, Lot: d.Lot, IMEI: d.IMEI, MAC: d.MAC, Tags: d.Tags,
			Condition: d.Condition, Custody: d.Custody,
		})
		if err != nil {
			return fmt.Errorf("create the device %s: %w", d.Serial, err)
		}
		s.records[d.Serial] = item.Device.ID
	}
	return nil
}

// Invite makes an invitation for one device: a Connection's Invite.
func (s *Seeder) Invite(ctx context.Context, d Spec) (string, error) {
	issued, err := s.Invitations.Invite(ctx, seeding, enroll.Invitation{
		For: enroll.ForSerial, Class: d.Class, Model: s.models[d.Model], Serial: d.Serial, Place: s.places[d.Place],
		Owner: d.Owner, ExpiresIn: time.Hour,
	})
	if err != nil {
		return "", fmt.Errorf("invite %s: %w", d.Serial, err)
	}
	return issued.Code, nil
}

// lostText is what the lost phone of the demo shows.
const (
	lostText  = "This phone belongs to Example General Hospital. Please call, a reward awaits you."
	lostPhone = "+1 555 0100"
)

// Tell tells the server what people of the hospital would have told it by now:
// which devices are in service, and which phone is lost. It comes after
// Fleet.WaitForReports, and does nothing twice.
func (s *Seeder) Tell(ctx context.Context) error {
	for _, d := range s.Hospital.Devices {
		if s.Hospital.told[d.Serial] {
			continue
		}
		if err := s.tell(ctx, d); err != nil {
			return err
		}
		s.Hospital.told[d.Serial] = true
	}
	if err := s.hand(ctx); err != nil {
		return err
	}
	return s.Hospital.keep()
}

func (s *Seeder) tell(ctx context.Context, d Spec) error {
	id := s.records[d.Serial]
	if d.Stage == device.StageInService && d.Management != device.ManagementApple {
		_, err := s.Inventory.Update(ctx, seeding, id, 0, inventory.Update{Stage: &d.Stage})
		if err != nil {
			return fmt.Errorf("put %s into service: %w", d.Serial, err)
		}
	}
	if !d.Lost {
		return nil
	}
	if _, err := s.Inventory.Hold(ctx, seeding, id, device.HoldLost, "Left in the café, reported by "+d.Owner); err != nil {
		return fmt.Errorf("report %s lost: %w", d.Serial, err)
	}
	args, err := json.Marshal(map[string]string{"message": lostText, "phone_number": lostPhone})
	if err != nil {
		return fmt.Errorf("write what %s shows: %w", d.Serial, err)
	}
	_, err = s.Orders.Request(ctx, seeding, commands.Ask{Device: id, Kind: device.KindLostModeOn, Args: args, Reason: "Reported lost by " + d.Owner})
	if err != nil {
		return fmt.Errorf("turn on lost mode of %s: %w", d.Serial, err)
	}
	return nil
}
