package api

import (
	"context"
	"time"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
)

// RestoreView is what a restore lost and what it made void. Both of the people who
// lift its freeze have seen it.
type RestoreView struct {
	Epoch       int                  `json:"epoch"`
	From        *time.Time           `json:"from" doc:"The newest thing that the restored database tells of." nullable:"true"`
	Until       *time.Time           `json:"until" doc:"The last moment that was known of before; null: nothing was known." nullable:"true"`
	Links       int64                `json:"links" doc:"Transactions of the audit log that are missing; -1: not known."`
	Orders      []LostOrderView      `json:"orders" doc:"Orders that were open in the backup; they are void."`
	MoreOrders  int                  `json:"more_orders" doc:"Further ones that the list does not name."`
	Approvals   int                  `json:"approvals"`
	Invitations int                  `json:"invitations"`
	Sessions    int                  `json:"sessions"`
	Tokens      int                  `json:"tokens"`
	Revocations []LostRevocationView `json:"revocations" doc:"Taken over from the last revocation list; they hold."`
	CRLKnown    bool                 `json:"crl_known" doc:"False: there was no such list. What was revoked since the backup has to be revoked anew."`
	People      []string             `json:"people" doc:"User names of accounts that changed since, if only by a sign-in: their rights are those of the backup."`
	ListHash    string               `json:"list_hash" doc:"Sent as seen by both people who lift the freeze."`
}

// LostOrderView is an order that is void.
type LostOrderView struct {
	CommandID commands.ID    `json:"command_id"`
	DeviceID  device.ID      `json:"device_id"`
	Device    string         `json:"device" doc:"For people; empty where you may not see the device."`
	Kind      device.Kind    `json:"kind"`
	KindWords string         `json:"kind_words" speak:"words"`
	State     commands.State `json:"state" doc:"What it was in the backup."`
}

// LostRevocationView is a revocation that was taken over.
type LostRevocationView struct {
	Serial   string    `json:"serial"`
	DeviceID device.ID `json:"device_id" doc:"Empty: the backup does not know the certificate."`
	Device   string    `json:"device" doc:"For people; empty where it is not known, or you may not see the device."`
	At       time.Time `json:"at"`
}

func (a *API) restoreView(ctx context.Context, lost *commands.Lost) (*RestoreView, error) {
	if lost == nil {
		return nil, nil
	}
	hash, err := lost.Hash()
	if err != nil {
		return nil, err
	}
	v := &RestoreView{Epoch: lost.Epoch, From: timeOrNil(lost.From), Until: timeOrNil(lost.Until), Links: lost.Links, MoreOrders: lost.MoreOrders,
		Approvals: lost.Approvals, Invitations: lost.Invitations, Sessions: lost.Sessions, Tokens: lost.Tokens, CRLKnown: lost.CRLKnown,
		People: lost.People, ListHash: hash}
	for _, o := range lost.Orders {
		name, err := a.nameOf(ctx, o.Device)
		if err != nil {
			return nil, err
		}
		v.Orders = append(v.Orders, LostOrderView{CommandID: o.Command, DeviceID: o.Device, Device: name, Kind: o.Kind, KindWords: o.Kind.Words(), State: o.State})
	}
	for _, r := range lost.Revocations {
		name := ""
		if r.Device != "" {
			if name, err = a.nameOf(ctx, r.Device); err != nil {
				return nil, err
			}
		}
		v.Revocations = append(v.Revocations, LostRevocationView{Serial: r.Serial, DeviceID: r.Device, Device: name, At: r.At})
	}
	return v, nil
}

// nameOf names a device for people; empty where the reader may not see it.
func (a *API) nameOf(ctx context.Context, id device.ID) (string, error) {
	item, err := a.inventory.Get(ctx, id)
	if err != nil && !fault.Has(err, fault.CodeNotFound) {
		return "", err
	}
	if err != nil || auth.Authorise(principalOf(ctx), auth.DevicesRead, targetOf(item)) != nil {
		return "", nil
	}
	return summaryOf(item), nil
}
