package store

import (
	"context"
	"fmt"

	"wardline/device"
	"wardline/inventory"
)

// SaveFacts implements inventory.Storage.
func (s *Store) SaveFacts(ctx context.Context, id device.ID, hash string, facts inventory.Facts) error {
	return s.write(ctx, func(t *tx) error {
		row, err := t.lockDevice(id)
		if err != nil {
			return err
		}
		before := row.report
		err = t.Model(&reportRow{}).Where("device_id = ?", id).Updates(map[string]any{
			"inventory_hash": hash, "inventory": jsonText(facts), "software_version": facts.SoftwareVersion,
			"firmware_version": facts.FirmwareVersion, "os_version": facts.OSVersion, "agent_version": facts.AgentVersion}).Error
		if err != nil {
			return fmt.Errorf("save the facts of device %s: %w", id, err)
		}
		var changes []inventory.Change
		note := func(what inventory.What, was, became string) {
			if was != became {
				changes = append(changes, inventory.Change{What: what, Was: was, Became: became, At: t.now})
			}
		}
		note(inventory.WhatSoftware, before.SoftwareVersion, facts.SoftwareVersion)
		note(inventory.WhatFirmware, before.FirmwareVersion, facts.FirmwareVersion)
		note(inventory.WhatOS, before.OSVersion, facts.OSVersion)
		note(inventory.WhatAgent, before.AgentVersion, facts.AgentVersion)
		if rows := t.changeRows(id, changes); len(rows) > 0 {
			if err := t.Create(&rows).Error; err != nil {
				return fmt.Errorf("save the facts of device %s: %w", id, err)
			}
		}
		return t.fillAddresses(row, facts)
	})
}

// fillAddresses takes a device's IMEI and MAC into the record where people left
// them empty, so that it is found by them. It never overwrites what people wrote.
func (t *tx) fillAddresses(row deviceRow, facts inventory.Facts) error {
	r := row.record
	if (r.IMEI != "" || facts.IMEI == "") && (r.MAC != "" || facts.MAC == "") {
		return nil
	}
	d := row.device()
	if d.IMEI == "" {
		d.IMEI = facts.IMEI
	}
	if d.MAC == "" {
		d.MAC = facts.MAC
	}
	err := t.Model(&deviceRecord{}).Where("id = ?", d.ID).
		Updates(map[string]any{"imei": d.IMEI, "mac": d.MAC, "search": recordOf(d).Search}).Error
	if err != nil {
		return fmt.Errorf("save the addresses of device %s: %w", d.ID, err)
	}
	return nil
}

// FactsHash implements inventory.Storage.
func (s *Store) FactsHash(ctx context.Context, id device.ID) (string, error) {
	var hash string
	err := s.reader.WithContext(ctx).Raw("SELECT inventory_hash FROM device_report WHERE device_id = ?", id).Scan(&hash).Error
	if err != nil {
		return "", fmt.Errorf("read the inventory hash of device %s: %w", id, err)
	}
	return hash, nil
}
