package commands

import (
	"context"
	"fmt"

	"wardline/audit"
	"wardline/device"
)

// Scope limits a list to sites and classes; empty lists do not limit. It is told
// by where and what the device is now.
type Scope struct {
	Sites   []device.PlaceID
	Classes []device.Class
}

// Waiting says for what an open command waits: every open command is in exactly
// one of these groups.
type Waiting string

// The groups, in the order of a command's life.
const (
	WaitingApproval    Waiting = "awaiting_approval" // for a second person
	WaitingHeld        Waiting = "held"              // until the device is free
	WaitingSilent      Waiting = "queued_silent"     // for a device that is not heard of
	WaitingQueued      Waiting = "queued"            // for the next contact of a device that is heard of
	WaitingDelivered   Waiting = "delivered"         // for the device's answer
	WaitingStarted     Waiting = "started"           // for the device to finish
	WaitingErasing     Waiting = "erase_started"     // a wipe that the device began, the normal end for phones
	WaitingUnconfirmed Waiting = "unconfirmed"       // the device began and has said nothing since
)

// Waitings lists the groups.
func Waitings() []Waiting {
	return []Waiting{WaitingApproval, WaitingHeld, WaitingSilent, WaitingQueued, WaitingDelivered, WaitingStarted,
		WaitingErasing, WaitingUnconfirmed}
}

// Origin is where commands that wait for a second person come from: all that
// decides who that may be.
type Origin struct {
	Kind    device.Kind
	Subkind device.Subkind
	// Class is the one that the commands were asked for.
	Class     device.Class
	Requester audit.Actor
	// BreakGlass: others than usual may agree to it.
	BreakGlass bool
	// DeviceClass and Place are what and where the devices are now.
	DeviceClass device.Class
	Place       device.PlaceID
	// Count is how many commands there are of it.
	Count int
}

// BatchQuery selects batches. Zero fields do not narrow.
type BatchQuery struct {
	Scope Scope
	Kind  device.Kind
	// Open: only those of which something has not ended.
	Open      bool
	Requester string // Actor.ID
	// Before is the cursor: batches asked before this one. Newest come first.
	Before BatchID
	Limit  int // 1 to 200; 0: 50
}

// BatchPage is one page of batches. Items are left out.
type BatchPage struct {
	Items []Batch
	// Counts belong to Items: how many devices within the scope are in which state,
	// StateNone for those that were refused when the batch was asked.
	Counts []map[State]int
	Next   BatchID // cursor of the next page; empty: this was the last
	Total  int
}

// Batches returns batches, newest first, without their devices.
func (s *Service) Batches(ctx context.Context, q BatchQuery) (BatchPage, error) {
	if q.Limit == 0 {
		q.Limit = 50
	}
	q.Limit = min(max(q.Limit, 1), 200)
	page, err := s.storage.Batches(ctx, q)
	if err != nil {
		return BatchPage{}, fmt.Errorf("list batches: %w", err)
	}
	return page, nil
}

// Count is how many commands List would return in all.
func (s *Service) Count(ctx context.Context, q Query) (int, error) {
	q.AliveWithin = aliveWithin
	return s.storage.CountCommands(ctx, q)
}

// Waits counts the open commands by what they wait for.
func (s *Service) Waits(ctx context.Context, scope Scope) (map[Waiting]int, error) {
	return s.storage.CountWaiting(ctx, scope, aliveWithin)
}

// Origins says where the commands come from that wait for a second person.
func (s *Service) Origins(ctx context.Context, scope Scope) ([]Origin, error) {
	return s.storage.Origins(ctx, scope)
}
