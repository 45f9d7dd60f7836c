package evidence_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"wardline/commands"
	"wardline/device"
	"wardline/evidence"
)

var now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// bare is what is known of a device of which next to nothing is known.
func bare() evidence.Input {
	return evidence.Input{Now: now, MadeBy: "Jörg Łukasz", Device: device.Device{ID: "d", Class: device.ClassPhoneIssued, Serial: "P-1"}}
}

func TestWhatIsNotKnownIsSaidInWordsAndNeverLeftEmpty(t *testing.T) {
	for _, german := range []bool{false, true} {
		for name, loss := range map[string]*evidence.Loss{"never lost": nil, "lost": {At: now.Add(-time.Hour), By: "hal"}} {
			in := bare()
			in.German, in.Loss = german, loss
			r := evidence.Build(in)
			for _, s := range r.Sections {
				if s.Title == "" || len(s.Facts) == 0 {
					t.Errorf("%s, German %v: section %s is empty", name, german, s.ID)
				}
				for _, f := range s.Facts {
					if f.Value == "" || f.Label == "" || f.Source == "" {
						t.Errorf("%s, German %v: %s.%s is left empty: %+v", name, german, s.ID, f.ID, f)
					}
					if !f.Known && !strings.Contains(strings.Join(r.Unknown, "\n"), f.Label) {
						t.Errorf("%s, German %v: %s is not among what is not known", name, german, f.ID)
					}
				}
			}
			if r.Summary == "" || len(r.Notes) == 0 || len(r.Unknown) == 0 {
				t.Errorf("%s, German %v: %+v", name, german, r)
			}
		}
	}
}

func TestTheFourEndsOfAWipeKeepTheirWords(t *testing.T) {
	for outcome, want := range map[commands.Outcome]string{
		commands.OutcomeErased: "Erased, confirmed.", commands.OutcomeStarted: "Erase started, device silent since 2026-03-02 07:00:00 UTC.",
		commands.OutcomeNotErased: "NOT erased: last seen 2026-03-02 07:00:00 UTC.", commands.OutcomeNotReached: "Not reached: last seen 2026-03-02 07:00:00 UTC.",
	} {
		in := bare()
		in.Device.Report.ReceivedAt = now.Add(-time.Hour)
		in.Commands = []commands.Command{{ID: "c", Kind: device.KindWipe, Outcome: outcome, State: commands.StateAccepted, CreatedAt: now.Add(-2 * time.Hour)}}
		if got := evidence.Build(in).Orders[0].Stands; got != want {
			t.Errorf("%s stands as %q, want %q", outcome, got, want)
		}
	}
}

func TestTheReportIsPrintedInBothLanguagesWithPeoplesNames(t *testing.T) {
	for _, german := range []bool{false, true} {
		in := bare()
		in.German = german
		in.Device.Owner = `Grünwald <b>"Şahin"`
		for range 60 {
			in.Commands = append(in.Commands, commands.Command{ID: "c", Kind: device.KindLock, State: commands.StateQueued, CreatedAt: now, WhyWaiting: "It waits."})
		}
		r := evidence.Build(in)
		var page, pdf bytes.Buffer
		if err := evidence.WriteHTML(&page, r); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(page.String(), "<b>") || !strings.Contains(page.String(), "Grünwald") || !strings.Contains(page.String(), "Jörg Łukasz") {
			t.Error("the page does not hold the names as they are written")
		}
		if err := evidence.WritePDF(&pdf, r); err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(pdf.Bytes(), []byte("%PDF-")) || bytes.Count(pdf.Bytes(), []byte("/Type /Page\n")) < 2 {
			t.Errorf("German %v: %d bytes of PDF, %d pages", german, pdf.Len(), bytes.Count(pdf.Bytes(), []byte("/Type /Page\n")))
		}
	}
}
