package api

import (
	"context"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/inventory"
)

// What is known of a device beside its record: its certificates, what its UDI
// says, and what it says of itself.

// HeldCertificateView is one certificate that a device was given.
type HeldCertificateView struct {
	CertificateView
	Serial       string     `json:"serial" doc:"The certificate's own serial number, in hexadecimal digits."`
	Current      bool       `json:"current" doc:"It belongs to the device's current enrollment and nothing has taken its place."`
	NotBefore    time.Time  `json:"not_before"`
	FirstUsedAt  *time.Time `json:"first_used_at" doc:"Null: the device has never shown it." nullable:"true"`
	SupersededAt *time.Time `json:"superseded_at" nullable:"true"`
	RevokedAt    *time.Time `json:"revoked_at" doc:"When it was put on hold or revoked." nullable:"true"`
	Reason       string     `json:"reason" doc:"Why it is on hold or revoked; empty: it is neither."`
}

func (a *API) listCertificates(ctx context.Context, in *DeviceInput) (*pageOutput[HeldCertificateView], error) {
	item, err := a.reachDevice(ctx, in.ID, auth.CertificatesRead)
	if err != nil {
		return nil, err
	}
	list, err := a.inventory.Certificates(ctx, item.Device.ID)
	if err != nil {
		return nil, err
	}
	now := a.now().UTC()
	views := make([]HeldCertificateView, len(list))
	for i, c := range list {
		views[i] = HeldCertificateView{
			CertificateView: CertificateView{Fingerprint: c.Fingerprint, NotAfter: c.NotAfter, DaysLeft: inventory.DaysLeft(c.NotAfter, now), Status: c.Status},
			Serial:          c.Serial, NotBefore: c.NotBefore, FirstUsedAt: timeOrNil(c.FirstUsedAt),
			Current:      c.Enrollment != "" && c.Enrollment == item.Device.Enrollment && c.SupersededAt.IsZero(),
			SupersededAt: timeOrNil(c.SupersededAt), RevokedAt: timeOrNil(c.RevokedAt), Reason: c.Reason}
	}
	return whole(views), nil
}

// InventoryView is what rarely changes about a device.
type InventoryView struct {
	UDI      *UDIView   `json:"udi,omitempty" doc:"What the record's UDI says; left out when there is none, or it cannot be read."`
	Reported *FactsView `json:"reported,omitempty" doc:"What the device says of itself; left out when it has said nothing."`
}

// UDIView is a UDI in its parts.
type UDIView struct {
	Agency  inventory.Agency `json:"agency" enum:"gs1,hibcc,iccbba" doc:"Who issued the device identifier."`
	DI      string           `json:"di" doc:"The device identifier."`
	Lot     string           `json:"lot"`
	Serial  string           `json:"serial"`
	Expires string           `json:"expires" doc:"A day; empty: the label does not say."`
	Made    string           `json:"made" doc:"A day or a month; empty: the label does not say."`
}

// FactsView is what a device says of itself. It never changes the record.
type FactsView struct {
	Maker  string    `json:"maker"`
	Model  string    `json:"model"`
	Serial string    `json:"serial"`
	IMEI   string    `json:"imei"`
	MAC    string    `json:"mac"`
	Apps   []AppView `json:"apps" doc:"Left empty for a person's own phone."`
}

// AppView is an installed application.
type AppView struct {
	ID      string `json:"id"`
	Version string `json:"version"`
}

func (a *API) getInventory(ctx context.Context, in *DeviceInput) (*output[InventoryView], error) {
	item, err := a.reachDevice(ctx, in.ID, auth.DevicesRead)
	if err != nil {
		return nil, err
	}
	out := &output[InventoryView]{}
	if udi, err := inventory.ParseUDI(item.Device.UDI, a.now().UTC()); err == nil {
		out.Body.UDI = &UDIView{Agency: udi.Agency, DI: udi.DI, Lot: udi.Lot, Serial: udi.Serial, Expires: udi.Expires, Made: udi.Made}
	}
	out.Body.Reported = factsView(item)
	return out, nil
}

func factsView(i inventory.Item) *FactsView {
	f := i.Facts
	v := &FactsView{Maker: f.Maker, Model: f.Model, Serial: f.Serial, IMEI: f.IMEI, MAC: f.MAC}
	// What is installed on a person's own phone is nobody else's affair.
	if i.Device.Class != device.ClassPhonePersonal {
		for _, app := range f.Apps {
			v.Apps = append(v.Apps, AppView(app))
		}
	}
	if f.Maker+f.Model+f.Serial+f.IMEI+f.MAC == "" && len(f.Apps) == 0 {
		return nil
	}
	return v
}
