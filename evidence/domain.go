package evidence

import (
	"strings"

	"wardline/commands"
	"wardline/device"
)

// The domain's words in both languages, as far as a report needs them.

func (b *builder) word(both [2]string) string {
	if b.German {
		return both[1]
	}
	return both[0]
}

func (b *builder) management() string {
	return b.word(map[device.Management][2]string{
		device.ManagementAgent:       {"Wardline's agent on it", "Wardline-Agent auf dem Gerät"},
		device.ManagementApple:       {"Apple MDM", "Apple MDM"},
		device.ManagementGateway:     {"A gateway speaks for it", "Ein Gateway spricht für es"},
		device.ManagementCertificate: {"Certificate only: it reports nothing itself", "Nur Zertifikat: Es meldet selbst nichts"},
		device.ManagementRecord:      {"Record only: no command can reach it", "Nur Eintrag: Kein Befehl erreicht es"},
	}[b.Device.Management])
}

func (b *builder) stage() string {
	return b.word(map[device.Stage][2]string{
		device.StageExpected: {"Expected", "Erwartet"}, device.StageReceived: {"Received", "Angekommen"}, device.StageEnrolled: {"Enrolled", "Aufgenommen"},
		device.StageInService: {"In service", "In Betrieb"}, device.StageDecommissioning: {"Being decommissioned", "Wird ausgemustert"},
		device.StageDecommissioned: {"Decommissioned", "Ausgemustert"}, device.StageReturned: {"Returned", "Zurückgegeben"},
		device.StageWrittenOff: {"Written off: not sanitised, whereabouts unknown", "Abgeschrieben: nicht bereinigt, Verbleib unbekannt"},
	}[b.Device.Stage])
}

func (b *builder) custody() string {
	c := b.Device.Custody
	words := b.word(map[device.CustodyKind][2]string{
		device.CustodyWard: {"On the ward", "Auf der Station"}, device.CustodyStorage: {"In storage", "Im Lager"}, device.CustodyCleaning: {"In cleaning", "In der Reinigung"},
		device.CustodyBiomed: {"With biomedical engineering", "Bei der Medizintechnik"}, device.CustodyPerson: {"With a person", "Bei einer Person"},
		device.CustodyOutside: {"Outside the house", "Außer Haus"},
	}[c.Kind])
	return strings.TrimSuffix(words+": "+c.Which, ": ")
}

func (b *builder) result(s commands.ResultStatus) string {
	return b.word(map[commands.ResultStatus][2]string{
		commands.ResultAccepted: {"accepted", "angenommen"}, commands.ResultSucceeded: {"done", "ausgeführt"}, commands.ResultFailed: {"failed", "misslungen"},
		commands.ResultRefused: {"refused", "verweigert"}, commands.ResultNotNow: {"not now", "jetzt nicht"},
	}[s])
}
