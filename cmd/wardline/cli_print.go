package main

import (
	"fmt"
	"strings"
	"time"
)

func printDevices(t terminal, devices []wireDevice) error {
	if len(devices) == 0 {
		fmt.Fprintln(t.out, "No devices.")
		return nil
	}
	now := time.Now()
	rows := make([][]string, len(devices))
	for i, d := range devices {
		rows[i] = []string{clean(d.Serial), clean(d.AssetTag), orClass(d), clean(d.Model.Name), clean(d.Owner),
			placeName(d.Place), stateWords(d), age(now, d.LastSeenAt)}
	}
	return table(t.out, []string{"SERIAL", "TAG", "CLASS", "MODEL", "HOLDER", "PLACE", "STATE", "LAST SEEN"}, rows)
}

func orClass(d wireDevice) string {
	if d.ClassWords != "" {
		return clean(d.ClassWords)
	}
	return clean(d.Class)
}

// placeName is short enough for a column.
func placeName(p *wirePlace) string {
	if p == nil {
		return ""
	}
	return clean(p.Name)
}

func placeWords(p *wirePlace) string {
	switch {
	case p == nil:
		return ""
	case p.Words != "":
		return clean(p.Words)
	}
	return clean(p.Name)
}

// stateWords is what one most wants to know of a device, in few words.
func stateWords(d wireDevice) string {
	var words []string
	for _, h := range d.Holds {
		words = append(words, strings.ReplaceAll(clean(h.Kind), "_", " "))
	}
	if d.Therapy != nil {
		words = append(words, therapyWords(d))
	}
	if d.Locked {
		words = append(words, "locked")
	}
	if len(words) == 0 {
		words = append(words, strings.ReplaceAll(clean(d.Stage), "_", " "))
	}
	return strings.Join(words, ", ")
}

func therapyWords(d wireDevice) string {
	if d.Therapy == nil {
		return ""
	}
	words := clean(d.Therapy.State)
	if d.Therapy.AgeSeconds != nil {
		words += " (" + duration(time.Duration(*d.Therapy.AgeSeconds)*time.Second) + " ago)"
	}
	return words
}

func printDevice(t terminal, d wireDevice, now time.Time) error {
	battery, certificate := "", ""
	if d.BatteryPercent != nil {
		battery = fmt.Sprintf("%d %%", *d.BatteryPercent)
		if d.Charging {
			battery += ", charging"
		}
	}
	if d.Certificate != nil {
		certificate = fmt.Sprintf("%s, %d days left", clean(d.Certificate.Status), d.Certificate.DaysLeft)
	}
	return facts(t.out,
		"Serial", clean(d.Serial), "Asset tag", clean(d.AssetTag), "Class", orClass(d),
		"Model", clean(d.Model.Maker+" "+d.Model.Name), "Holder", clean(d.Owner), "Place", placeWords(d.Place),
		"Stage", clean(d.Stage), "Condition", clean(d.Condition), "Custody", strings.TrimSpace(clean(d.Custody.Kind+" "+d.Custody.Which)),
		"Holds", holdWords(d, now), "Therapy", therapyWords(d), "Last seen", age(now, d.LastSeenAt),
		"Location", fixWords(d.Location, now), "Battery", battery, "Certificate", certificate,
		"Managed by", clean(d.Management), "Not known", clean(d.CannotKnow), "Tags", clean(strings.Join(d.Tags, ", ")), "Id", d.ID)
}

func holdWords(d wireDevice, now time.Time) string {
	words := make([]string, len(d.Holds))
	for i, h := range d.Holds {
		words[i] = fmt.Sprintf("%s since %s: %s", clean(h.Kind), age(now, &h.Since), clean(h.Reason))
	}
	return strings.Join(words, "; ")
}

func fixWords(f *wireFix, now time.Time) string {
	if f == nil {
		return ""
	}
	words := placeWords(f.Place)
	if f.Latitude != nil && f.Longitude != nil {
		words = strings.TrimSpace(fmt.Sprintf("%s %.5f, %.5f", words, *f.Latitude, *f.Longitude))
		if f.AccuracyM != nil {
			words += fmt.Sprintf(" (within %.0f m)", *f.AccuracyM)
		}
	}
	if words == "" {
		words = "an access point that is not on the list"
	}
	return words + ", " + age(now, &f.At)
}
