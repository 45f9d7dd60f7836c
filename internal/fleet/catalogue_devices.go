package fleet

import (
	"fmt"

	"wardline/device"
)

// storyPumps are the pumps that the demo's stories need: every management level
// that a pump can have and every therapy state of SAFETY 1. They come first, so
// that a small demo has the most telling ones.
func storyPumps() []Spec {
	fluid := func(drug string, rate, volume, given float64) Programme {
		return Programme{Drug: drug, Rate: rate, Volume: volume, Given: given}
	}
	const ready, inUse = device.ConditionReady, device.ConditionInUse
	pumps := []Spec{
		{Serial: "LV1-0001", Model: "lv1", Place: "4n", Spot: "Bed 12", Condition: inUse, Battery: 92,
			Therapy: device.ReportedInfusing, Programme: fluid("Saline 0.9 %", 125, 1000, 312)},
		{Serial: "LV1-0002", Model: "lv1", Place: "supply", Spot: "Shelf A1", Condition: ready, Battery: 100, Therapy: device.ReportedStopped},
		{Serial: "SY2-0001", Model: "sy2", Place: "icu", Spot: "Bed 3", Condition: inUse, Battery: 88,
			Therapy: device.ReportedInfusing, Programme: fluid("Vasopressor", 4.2, 50, 17.5)},
		{Serial: "PC3-0001", Model: "pc3", Place: "4s", Spot: "Bed 7", Condition: inUse, Battery: 64,
			Therapy: device.ReportedPaused, Programme: fluid("Analgesic", 2, 100, 41)},
		{Serial: "LV1-0003", Model: "lv1", Place: "4n", Spot: "Corridor", Condition: ready, Battery: 97, Therapy: device.ReportedStopped},
		{Serial: "LV1-0004", Model: "lv1", Place: "biomed", Spot: "Bench 1", Condition: device.ConditionInMaintenance, Battery: 100, Therapy: device.ReportedService},
		{Serial: "LV1-0005", Model: "lv1", Place: "ed", Spot: "Bay 2", Condition: inUse, Battery: 41, Unplugged: true,
			Therapy: device.ReportedInfusing, Programme: fluid("Ringer's lactate", 250, 500, 96)},
		{Serial: "LV0-0001", Model: "lv0", Place: "4s", Spot: "Bed 9", Condition: inUse, Management: device.ManagementCertificate},
		{Serial: "GW3-0001", Model: "gw3", Place: "icu", Spot: "Bed 5", Condition: inUse, Management: device.ManagementGateway},
		{Serial: "LV0-0002", Model: "lv0", Place: "supply", Spot: "Shelf C4", Condition: device.ConditionNeedsCleaning, Management: device.ManagementRecord},
		{Serial: "LV1-0006", Model: "lv1", Place: "icu", Spot: "Bed 3", Condition: inUse, Battery: 90,
			Therapy: device.ReportedInfusing, Programme: fluid("Maintenance fluid", 80, 500, 455)},
		{Serial: "SY2-0002", Model: "sy2", Place: "icu", Spot: "Bed 1", Condition: inUse, Battery: 71,
			Therapy: device.ReportedPaused, Programme: fluid("Sedative", 6, 50, 22)},
		{Serial: "PC3-0002", Model: "pc3", Place: "4n", Spot: "Bed 4", Condition: inUse, Battery: 83,
			Therapy: device.ReportedInfusing, Programme: fluid("Analgesic", 1.5, 100, 12)},
		{Serial: "SY2-0003", Model: "sy2", Place: "supply", Spot: "Shelf A2", Condition: ready, Battery: 100, Therapy: device.ReportedStopped},
		{Serial: "LV1-0007", Model: "lv1", Place: "day", Spot: "Chair 1", Condition: inUse, Battery: 95,
			Therapy: device.ReportedInfusing, Programme: fluid("Antibiotic", 200, 250, 60)},
		{Serial: "SY2-0004", Model: "sy2", Place: "biomed", Spot: "Bench 2", Condition: ready, Battery: 100, Therapy: device.ReportedStopped},
	}
	return pumps
}

// storyPhones are the phones, handhelds and tablets of the demo's stories.
func storyPhones() []Spec {
	person := func(which string) device.Custody {
		return device.Custody{Kind: device.CustodyPerson, Which: which}
	}
	phones := []Spec{
		{Serial: "P7-0001", Model: "p7", Place: "4n", BSSID: "02:57:4c:00:03:01", Owner: "Nurse 4 North", Battery: 38, Lost: true,
			Custody: device.Custody{Kind: device.CustodyOutside, Which: "Last held by Nurse 4 North"}, Spot: "Found by nobody yet"},
		{Serial: "P7-0002", Model: "p7", Place: "4n", Owner: "Charge nurse 4 North", Battery: 81},
		{Serial: "R5-0001", Model: "r5", Place: "4n", Owner: "4 North, shared", Battery: 66, Spot: "Nurses' station"},
		{Serial: "T10-0001", Model: "t10", Place: "icu", Owner: "Intensive care, shared", Battery: 74, Spot: "Bed 3"},
		{Serial: "OWN-0001", Model: "own", Place: "4s", Owner: "Physician 4 South", Battery: 59},
		{Serial: "O1-0001", Model: "o1", Place: "ed", Owner: "Shift lead, Emergency", Management: device.ManagementApple},
		{Serial: "P7-0003", Model: "p7", Place: "4s", Owner: "Charge nurse 4 South", Battery: 90},
		{Serial: "R5-0002", Model: "r5", Place: "4n", Owner: "4 North, shared", Battery: 23, Spot: "Charging dock"},
		{Serial: "R5-0003", Model: "r5", Place: "4s", Owner: "4 South, shared", Battery: 88, Spot: "Nurses' station"},
		{Serial: "R5-0004", Model: "r5", Place: "icu", Owner: "Intensive care, shared", Battery: 95, Spot: "Nurses' station"},
		{Serial: "R5-0005", Model: "r5", Place: "ed", Owner: "Emergency, shared", Battery: 47, Spot: "Triage"},
		{Serial: "P7-0004", Model: "p7", Place: "ed", Owner: "Physician on call", Battery: 69},
	}
	more := []struct {
		model, place, owner, spot string
	}{
		{"p7", "icu", "Charge nurse, Intensive care", ""},
		{"r5", "supply", "Central supply, shared", "Counter"},
		{"p7", "4n", "nurse", ""}, // of the account nurse: what self-service shows as hers
		{"r5", "day", "Day infusion, shared", "Desk"},
		{"t10", "day", "Day infusion, shared", "Chair 1"},
		{"own", "ed", "Nurse, Emergency", ""},
		{"r5", "ed", "Emergency, shared", "Bay 2"},
		{"r5", "4s", "4 South, shared", "Charging dock"},
		{"p7", "it", "Service desk, spare", "Drawer 1"},
		{"r5", "it", "Service desk, spare", "Drawer 2"},
		{"p7", "day", "Charge nurse, Day infusion", ""},
		{"r5", "icu", "Intensive care, shared", "Bed 1"},
	}
	next := map[string]int{"p7": 5, "r5": 6, "t10": 2, "own": 2}
	for i, m := range more {
		phones = append(phones, Spec{Serial: serialFor(m.model, next[m.model]), Model: m.model, Place: m.place,
			Owner: m.owner, Spot: m.spot, Battery: 40 + (i*17)%60})
		next[m.model]++
	}
	for i := range phones {
		s := &phones[i]
		if s.Custody.Kind == "" && s.Model != "r5" && s.Model != "t10" && s.Place != "it" {
			s.Custody = person(s.Owner)
		}
		s.Condition = device.ConditionInUse
		if s.Place == "it" {
			s.Condition = device.ConditionReady
		}
	}
	return phones
}

// serialFor returns the n-th serial of a model, such as "LV1-0042".
func serialFor(model string, n int) string {
	prefix := map[string]string{"lv1": "LV1", "sy2": "SY2", "pc3": "PC3", "p7": "P7", "r5": "R5", "t10": "T10", "own": "OWN"}[model]
	return fmt.Sprintf("%s-%04d", prefix, n)
}

// spread are the wards over which further devices are repeated.
var spread = []string{"4n", "4s", "icu", "ed", "day", "supply"}

// pumpSpecs returns n pumps: the story's first, then further ones over the
// wards. Serials of further ones begin at 1001, clear of the story's.
func pumpSpecs(n int) []Spec {
	specs := storyPumps()
	kinds := []string{"lv1", "sy2", "lv1", "pc3"}
	states := []device.Reported{device.ReportedInfusing, device.ReportedStopped, device.ReportedInfusing, device.ReportedPaused, device.ReportedInfusing}
	for i := len(specs); i < n; i++ {
		k := i - len(storyPumps())
		s := Spec{Serial: serialFor(kinds[k%len(kinds)], 1001+k), Model: kinds[k%len(kinds)],
			Place: spread[k%len(spread)], Condition: device.ConditionInUse, Battery: 40 + (k*13)%61, Therapy: states[k%len(states)]}
		if s.Place == "supply" {
			s.Therapy, s.Condition, s.Spot = device.ReportedStopped, device.ConditionReady, fmt.Sprintf("Shelf D%d", 1+k)
		} else {
			s.Spot = fmt.Sprintf("Bed %d", 20+k)
		}
		if s.Therapy == device.ReportedInfusing || s.Therapy == device.ReportedPaused {
			s.Programme = Programme{Drug: "Maintenance fluid", Rate: 60 + float64(k%7)*20, Volume: 500, Given: float64((k * 37) % 450)}
			if s.Model != "lv1" {
				s.Programme = Programme{Drug: "Analgesic", Rate: 1.5 + float64(k%5), Volume: 50, Given: float64((k * 7) % 45)}
			}
		}
		specs = append(specs, s)
	}
	specs = specs[:n]
	for i := range specs {
		s := &specs[i]
		if s.Management == "" {
			s.Management = device.ManagementAgent
		}
		s.AssetTag = fmt.Sprintf("EGH-1%05d", i+1)
		s.MAC = fmt.Sprintf("02:57:4c:a0:%02x:%02x", (i+1)>>8, (i+1)&0xff)
		s.Lot, s.Firmware = "L2026A", "4.2.1"
		s.UDIDI, s.UDI = udi(s.Model, s.Lot, s.Serial)
		s.Tags = []string{"demo"}
	}
	return specs
}

// phoneSpecs returns n phones, handhelds and tablets.
func phoneSpecs(n int) []Spec {
	specs := storyPhones()
	for i := len(specs); i < n; i++ {
		k := i - len(storyPhones())
		model := []string{"r5", "p7"}[k%2]
		place := spread[k%len(spread)]
		s := Spec{Serial: serialFor(model, 1001+k), Model: model, Place: place, Battery: 30 + (k*11)%71,
			Owner: fmt.Sprintf("Post %d", 1001+k), Condition: device.ConditionInUse}
		if model == "p7" {
			s.Custody = device.Custody{Kind: device.CustodyPerson, Which: s.Owner}
		}
		specs = append(specs, s)
	}
	specs = specs[:n]
	for i := range specs {
		s := &specs[i]
		if s.Management == "" {
			s.Management = device.ManagementAgent
		}
		s.AssetTag = fmt.Sprintf("EGH-2%05d", i+1)
		s.MAC = fmt.Sprintf("02:57:4c:b0:%02x:%02x", (i+1)>>8, (i+1)&0xff)
		s.Firmware = "14.3"
		s.Tags = []string{"demo"}
		if s.Model == "p7" || s.Model == "o1" {
			s.IMEI = imei(i + 1)
		}
	}
	return specs
}

// udi returns a device identifier and the full text in GS1's human-readable
// form. 952 is GS1's prefix for examples: the numbers belong to no product.
func udi(model, lot, serial string) (di, text string) {
	number := map[string]int{"lv1": 1, "sy2": 2, "pc3": 3, "lv0": 4, "gw3": 5}[model]
	body := fmt.Sprintf("095200000%04d", number)
	sum := 0
	for i, weight := len(body)-1, 3; i >= 0; i, weight = i-1, 4-weight {
		sum += int(body[i]-'0') * weight
	}
	di = fmt.Sprintf("%s%d", body, (10-sum%10)%10)
	return di, fmt.Sprintf("(01)%s(17)361231(10)%s(21)%s", di, lot, serial)
}

// imei returns the n-th number under 00101, the code of test networks, with its
// Luhn check digit.
func imei(n int) string {
	body := fmt.Sprintf("00101%09d", n)
	sum := 0
	for i := range body {
		digit := int(body[i] - '0')
		if i%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return fmt.Sprintf("%s%d", body, (10-sum%10)%10)
}
