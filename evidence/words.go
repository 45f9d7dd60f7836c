package evidence

import (
	"fmt"
	"time"
)

// labels are the texts of a report in one language.
type labels map[string]string

// pick chooses a language.
func pick(german bool) labels {
	l := make(labels, len(texts))
	for key, both := range texts {
		l[key] = both[0]
		if german {
			l[key] = both[1]
		}
	}
	return l
}

func (l labels) f(key string, args ...any) string { return fmt.Sprintf(l[key], args...) }

// texts are the words of a report: English, German.
var texts = map[string][2]string{
	"lang":  {"en", "de"},
	"title": {"Loss report", "Verlustbericht"},
	"made":  {"Made on %s by %s", "Erstellt am %s von %s"},
	"page":  {"Page %s of %s", "Seite %s von %s"},
	"fact":  {"Fact", "Angabe"}, "value": {"What is known", "Was bekannt ist"}, "source": {"Source and age", "Quelle und Alter"},

	"sum.none":   {"This device is not reported lost.", "Dieses Gerät ist nicht als verloren gemeldet."},
	"sum.lost":   {"Reported lost on %s and not found.", "Am %s als verloren gemeldet und nicht gefunden."},
	"sum.stolen": {"Reported stolen on %s and not found.", "Am %s als gestohlen gemeldet und nicht gefunden."},
	"sum.found":  {"Reported lost on %s, found again on %s.", "Am %s als verloren gemeldet, am %s wiedergefunden."},

	"sec.device": {"The device", "Das Gerät"}, "sec.holder": {"Who has it, and where it belongs", "Wer es hat und wohin es gehört"},
	"sec.loss": {"The loss", "Der Verlust"}, "sec.seen": {"Last sign of life", "Letztes Lebenszeichen"},
	"sec.protection": {"Protection at the last report before the loss", "Schutz bei der letzten Meldung vor dem Verlust"},
	"sec.wipe":       {"What a wipe erases on this model", "Was ein Löschen bei diesem Modell löscht"},
	"sec.network":    {"Access to the network", "Zugang zum Netz"},
	"sec.orders":     {"What was asked of it, and what became of that", "Was von ihm verlangt wurde und was daraus wurde"},
	"sec.unknown":    {"What is not known", "Was nicht bekannt ist"}, "sec.notes": {"How to read this report", "Wie dieser Bericht zu lesen ist"},

	"class": {"Kind of device", "Art des Geräts"}, "model": {"Model", "Modell"}, "serial": {"Serial number", "Seriennummer"},
	"asset_tag": {"Asset tag", "Inventarnummer"}, "imei": {"IMEI", "IMEI"}, "management": {"How Wardline reaches it", "Wie Wardline es erreicht"},
	"stage": {"Stage", "Abschnitt"}, "holder": {"Holder", "Inhaber"}, "custody": {"In whose hands", "In wessen Händen"}, "place": {"Belongs to", "Gehört zu"},
	"reported_at": {"Reported on", "Gemeldet am"}, "reported_by": {"Reported by", "Gemeldet von"}, "circumstances": {"What was said", "Was gesagt wurde"},
	"how": {"Lost or stolen", "Verloren oder gestohlen"}, "found": {"Found again", "Wiedergefunden"},
	"heard_before": {"Last heard of before the report", "Zuletzt gehört vor der Meldung"}, "heard": {"Last heard of at all", "Überhaupt zuletzt gehört"},
	"where": {"Last heard in", "Zuletzt gehört in"}, "encryption": {"Storage encrypted", "Speicher verschlüsselt"}, "passcode": {"Passcode set", "Code gesetzt"},
	"locked": {"Locked", "Gesperrt"}, "erases": {"Is erased", "Wird gelöscht"}, "keeps": {"Is not erased", "Wird nicht gelöscht"},
	"certificate": {"Its certificate now", "Sein Zertifikat jetzt"}, "cut": {"Change", "Änderung"},

	"yes": {"Yes", "Ja"}, "no": {"No", "Nein"}, "unknown": {"Not known", "Nicht bekannt"}, "never": {"Never", "Nie"},
	"lost": {"Lost or mislaid", "Verloren oder verlegt"}, "stolen": {"Stolen", "Gestohlen"}, "notfound": {"Not found until now", "Bis jetzt nicht gefunden"},
	"nobody": {"Nobody is recorded", "Niemand ist eingetragen"}, "nowhere": {"No place is recorded", "Kein Ort ist eingetragen"},
	"hidden":     {"Not shown to this reader: it would tell where a person is", "Diesem Leser nicht gezeigt: Es würde sagen, wo ein Mensch ist"},
	"notkept":    {"Not known, or it may not be kept", "Nicht bekannt, oder es darf nicht aufbewahrt werden"},
	"norecord":   {"Not on record for this model", "Für dieses Modell nicht eingetragen"},
	"notsaid":    {"Not known: the device did not say", "Nicht bekannt: Das Gerät sagte es nicht"},
	"notthen":    {"Not known: it was not recorded when the loss was reported", "Nicht bekannt: Es wurde bei der Meldung des Verlusts nicht festgehalten"},
	"noloss":     {"It is not reported lost", "Es ist nicht als verloren gemeldet"},
	"nocert":     {"It has none", "Es hat keines"},
	"by":         {"%s, signed in with %s", "%s, angemeldet mit %s"},
	"own":        {"%s, its holder, signed in with %s", "%s, Inhaber, angemeldet mit %s"},
	"byOn":       {"%s, by %s: %s", "%s, durch %s: %s"},
	"src.record": {"Inventory record", "Inventar"}, "src.model": {"Record of the model", "Eintrag des Modells"}, "src.audit": {"Audit log", "Protokoll"},
	"src.device": {"The device's own report", "Meldung des Geräts selbst"}, "src.point": {"Access point that it spoke through, or its own report", "Zugangspunkt, über den es sprach, oder eigene Meldung"},
	"src.ca": {"Certificate authority", "Zertifizierungsstelle"},

	"cut.contained": {"Cut from the network", "Vom Netz getrennt"}, "cut.released": {"Let into the network again", "Wieder ins Netz gelassen"}, "cut.revoked": {"Revoked for good", "Endgültig widerrufen"},
	"status.active": {"Good: the network accepts it", "Gültig: Das Netz nimmt es an"}, "status.contained": {"On hold: the network refuses it", "Ausgesetzt: Das Netz weist es ab"},
	"status.revoked": {"Revoked for good: refused everywhere", "Endgültig widerrufen: überall abgewiesen"}, "status.expired": {"Ended", "Abgelaufen"}, "status.superseded": {"Replaced by a newer one", "Durch ein neueres ersetzt"},

	"step.asked": {"asked by %s", "verlangt von %s"}, "step.approved": {"agreed to by %s", "zugestimmt von %s"}, "step.delivered": {"handed to the device", "dem Gerät übergeben"},
	"step.accepted": {"accepted: the device said that it has it and has started", "angenommen: Das Gerät sagte, dass es ihn hat und begonnen hat"}, "step.ended": {"ended: %s", "beendet: %s"},
	"reason": {"Reason", "Grund"}, "noorders": {"Nothing was asked of it.", "Es wurde nichts von ihm verlangt."}, "older": {"Older orders are left out.", "Ältere Befehle sind weggelassen."},
	"receipt.yes": {"The device signed “%s”; verified against its certificate, received on %s.", "Das Gerät unterschrieb „%s“; gegen sein Zertifikat geprüft, empfangen am %s."},
	"receipt.bad": {"The device answered with a receipt that could NOT be verified.", "Das Gerät antwortete mit einer Quittung, die sich NICHT prüfen ließ."},
	"receipt.no":  {"No receipt.", "Keine Quittung."}, "stands": {"Stands", "Stand"}, "receipt": {"Receipt", "Quittung"}, "order": {"Order", "Befehl"},

	"not.where":    {"Where the device is now.", "Wo das Gerät jetzt ist."},
	"not.read":     {"Whether anybody has read data on it.", "Ob jemand Daten darauf gelesen hat."},
	"not.erased":   {"Whether it was erased: it signed that it began, and has not confirmed it.", "Ob es gelöscht wurde: Es unterschrieb den Beginn und hat es nicht bestätigt."},
	"not.reached":  {"Whether it will ever receive the wipe that waits for it.", "Ob es das Löschen je erhält, das auf es wartet."},
	"not.wiped":    {"No wipe was asked: what is on it is still on it, as far as is known.", "Es wurde kein Löschen verlangt: Was darauf ist, ist soweit bekannt noch darauf."},
	"not.fact":     {"%s.", "%s."},
	"note.receipt": {"A receipt proves that the device accepted an order. It does not prove that anything was erased.", "Eine Quittung beweist, dass das Gerät einen Befehl annahm. Sie beweist nicht, dass etwas gelöscht wurde."},
	"note.age":     {"What a device reports about itself is its own word. Ages are counted to the moment at which this report was made, unless they say otherwise.", "Was ein Gerät über sich meldet, ist sein eigenes Wort. Alter ist bis zum Zeitpunkt dieses Berichts gerechnet, wenn nichts anderes dabeisteht."},
	"note.times":   {"Times are the server's, in UTC.", "Zeiten sind die des Servers, in UTC."},
	"note.chain":   {"The audit log behind this report ended at link %d with the hash %s.", "Das Protokoll hinter diesem Bericht endete bei Glied %d mit dem Hash %s."},

	"ago": {"%s ago", "vor %s"}, "before": {"%s before the report of the loss", "%s vor der Meldung des Verlusts"}, "now": {"just now", "gerade eben"},
}

// at writes a moment.
func (l labels) at(t time.Time) string {
	if l["lang"] == "de" {
		return t.UTC().Format("02.01.2006, 15:04:05") + " UTC"
	}
	return t.UTC().Format("2 Jan 2006, 15:04:05") + " UTC"
}

// span writes how long something is.
func (l labels) span(d time.Duration) string {
	units := []struct {
		of                     time.Duration
		one, many, eins, viele string
	}{
		{24 * time.Hour, "day", "days", "Tag", "Tagen"}, {time.Hour, "hour", "hours", "Stunde", "Stunden"},
		{time.Minute, "minute", "minutes", "Minute", "Minuten"}, {time.Second, "second", "seconds", "Sekunde", "Sekunden"},
	}
	for _, u := range units {
		n := int(d / u.of)
		if n < 1 || (n < 2 && u.of > time.Second) {
			continue // 36 hours says more than 1 day
		}
		one, many := u.one, u.many
		if l["lang"] == "de" {
			one, many = u.eins, u.viele
		}
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %s", n, many)
	}
	return ""
}

func (l labels) ago(now, at time.Time) string {
	if s := l.span(now.Sub(at)); s != "" {
		return l.f("ago", s)
	}
	return l["now"]
}
