package fleet

import (
	"fmt"
	"regexp"

	"wardline/device"
)

// crowdModels are the models that a crowd's devices are of, by class.
var crowdModels = map[device.Class]string{
	device.ClassPumpLVP: "lv1", device.ClassPumpSyringe: "sy2", device.ClassPumpPCA: "pc3",
	device.ClassPhoneIssued: "p7", device.ClassPhonePersonal: "own", device.ClassHandheldShared: "r5", device.ClassTablet: "t10",
}

// folderName is what a serial number must look like: each device has a folder
// that is called so.
var folderName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$`)

// Crowd is a hospital with devices of one class, one for each serial number, on
// its wards: for a server that knows them already, by a delivery's packing list.
// It has no accounts.
func Crowd(class device.Class, serials []string) (*Hospital, error) {
	model, known := crowdModels[class]
	if !known {
		return nil, fmt.Errorf("no simulated device is of the class %q", class)
	}
	if len(serials) == 0 || len(serials) > MaxDevices {
		return nil, fmt.Errorf("a crowd has 1 to %d devices, not %d", MaxDevices, len(serials))
	}
	h := &Hospital{told: map[string]bool{}, Places: places(), AccessPoints: accessPoints(), Models: models()}
	seen := map[string]bool{}
	for i, serial := range serials {
		if seen[serial] || !folderName.MatchString(serial) {
			return nil, fmt.Errorf("the serial number %q stands there twice, or is not 1 to 64 letters, digits, dots, dashes and underscores", serial)
		}
		seen[serial] = true
		s := Spec{Serial: serial, Model: model, Management: device.ManagementAgent, Place: spread[i%len(spread)],
			Condition: device.ConditionReady, Battery: 50 + i%51, Firmware: "4.2.1",
			MAC: fmt.Sprintf("02:57:4c:c0:%02x:%02x", (i+1)>>8, (i+1)&0xff)}
		if class.IsPump() {
			s.Therapy = device.ReportedStopped
		}
		if err := h.complete(&s); err != nil {
			return nil, err
		}
		h.Devices = append(h.Devices, s)
	}
	return h, nil
}
