package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	shiftStaff = 2000
	shiftWards = 40
	// boardEvery is how often each charging station reads its board.
	boardEvery = 10 * time.Second
)

// shiftChange lets 2,000 people take a shared handheld each within the given time,
// at the charging stations of 40 wards: a badge, then a label. Each begins at a
// moment of its own, evenly over the time, whether or not the one before is done;
// meanwhile every station reads its board. Then all that is on record is compared
// with who took what.
func (b *bench) shiftChange(ctx context.Context, s *site) error {
	b.report.say("\n== shift: %d people take a handheld each within %s on %s, at %d charging stations, over TLS", shiftStaff, b.within, s.engine, shiftWards)
	stations, err := s.chargingStations(ctx)
	if err != nil {
		return err
	}
	before, err := s.process.cpu()
	if err != nil {
		return err
	}
	boards, stopBoards := s.readBoards(ctx, stations)
	began := time.Now()
	scans, whole, err := s.takeAll(ctx, stations, began, b.within)
	took := time.Since(began)
	err = errors.Join(err, stopBoards())
	if err != nil {
		return err
	}
	after, err := s.process.cpu()
	if err != nil {
		return err
	}
	for _, line := range []struct {
		name string
		took []time.Duration
	}{{"one scan", scans}, {"badge and label", whole}, {"a board meanwhile", *boards}} {
		b.report.say("shift    %-10s %-20s %5d  p50 %8s  p99 %8s  worst %8s", s.engine, line.name, len(line.took),
			ms(percentile(line.took, 0.5)), ms(percentile(line.took, 0.99)), ms(percentile(line.took, 1)))
	}
	b.report.say("shift    %-10s in %s; the server's CPU: %s each", s.engine, took.Round(time.Second), ms((after-before)/shiftStaff))
	return s.compareHolders(ctx)
}

// station is the screen of one charging station.
type station struct {
	site   *site
	client *http.Client
	cookie string
	ward   int
}

func badgeOf(n int) string { return fmt.Sprintf("B%06d", n) }
func labelOf(n int) string { return fmt.Sprintf("HH-%05d", n) }

// chargingStations gives the hospital its wards, people with badges, handhelds and
// paired stations.
func (s *site) chargingStations(ctx context.Context) ([]*station, error) {
	wards, err := s.wards(ctx)
	if err != nil {
		return nil, err
	}
	var csv strings.Builder
	csv.WriteString("serial,model,management,asset_tag\n")
	for n := range shiftStaff {
		fmt.Fprintf(&csv, "HS-%05d,Bench handheld_shared,agent,%s\n", n, labelOf(n))
	}
	if err := s.person.do(ctx, http.MethodPost, "/devices/import", csvBody(csv.String()), nil); err != nil {
		return nil, err
	}
	if err := s.placeHandhelds(ctx, wards); err != nil {
		return nil, err
	}
	for n := range shiftStaff {
		err := s.admin.do(ctx, http.MethodPost, "/accounts", map[string]any{"username": fmt.Sprintf("nurse%d", n), "name": fmt.Sprintf("Nurse %d", n),
			"roles": []string{"clinician"}, "scope": map[string]any{"wards": []string{wards[n%shiftWards]}}}, nil)
		if err == nil {
			err = s.person.do(ctx, http.MethodPut, "/badges", map[string]string{"username": fmt.Sprintf("nurse%d", n), "badge": badgeOf(n)}, nil)
		}
		if err != nil {
			return nil, err
		}
	}
	out := make([]*station, shiftWards)
	for i, ward := range wards {
		if out[i], err = s.pair(ctx, i, ward); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *site) wards(ctx context.Context) ([]string, error) {
	parent := ""
	for _, kind := range []string{"site", "building", "floor"} {
		var made struct{ ID string }
		if err := s.person.do(ctx, http.MethodPost, "/places", map[string]any{"kind": kind, "name": "Bench " + kind, "parent_id": parent}, &made); err != nil {
			return nil, err
		}
		parent = made.ID
	}
	wards := make([]string, shiftWards)
	for i := range wards {
		var made struct{ ID string }
		if err := s.person.do(ctx, http.MethodPost, "/places", map[string]any{"kind": "ward", "name": fmt.Sprintf("Ward %d", i), "parent_id": parent}, &made); err != nil {
			return nil, err
		}
		wards[i] = made.ID
	}
	return wards, nil
}

// placeHandhelds puts the handhelds into service on their wards, as enrolling
// 2,000 of them would have done.
func (s *site) placeHandhelds(ctx context.Context, wards []string) error {
	db, err := s.sql()
	if err != nil {
		return err
	}
	defer db.Close()
	for n := range shiftStaff {
		_, err := db.ExecContext(ctx, "UPDATE device SET stage = 'in_service', place_id = $1 WHERE asset_tag = $2", wards[n%shiftWards], labelOf(n))
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *site) pair(ctx context.Context, n int, ward string) (*station, error) {
	var made struct{ Code string }
	err := s.person.do(ctx, http.MethodPost, "/stations", map[string]string{"ward_id": ward, "name": fmt.Sprintf("Station %d", n)}, &made)
	if err != nil {
		return nil, err
	}
	st := &station{site: s, ward: n, client: newREST("", "", "", s.dialContext).client}
	resp, err := st.send(ctx, http.MethodPost, "/self/station/pair", map[string]string{"code": made.Code}, nil)
	if err != nil {
		return nil, err
	}
	for _, c := range resp.Cookies() {
		st.cookie = c.Name + "=" + c.Value
	}
	return st, nil
}

// send is what a browser of the station's screen does.
func (st *station) send(ctx context.Context, method, path string, body, out any) (*http.Response, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, st.site.url("https", "public")+"/api/v1"+path, strings.NewReader(string(encoded)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Cookie", st.cookie)
	resp, err := st.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, answer)
	}
	if err != nil || out == nil {
		return resp, err
	}
	return resp, json.Unmarshal(answer, out)
}

// takeAll has everybody come in their moment, and returns how long each scan and
// each person took.
func (s *site) takeAll(ctx context.Context, stations []*station, began time.Time, within time.Duration) (scans, whole []time.Duration, err error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for n := range shiftStaff {
		at := began.Add(within * time.Duration(n) / shiftStaff)
		if !pause(ctx, time.Until(at)) {
			break
		}
		all.Go(func() {
			two, failed := stations[n%shiftWards].take(ctx, n)
			mu.Lock()
			defer mu.Unlock()
			if failed != nil {
				err = errors.Join(err, failed)
				return
			}
			scans, whole = append(scans, two[0], two[1]), append(whole, two[0]+two[1])
		})
	}
	all.Wait()
	return scans, whole, err
}

// take is one person: the badge, then the label.
func (st *station) take(ctx context.Context, n int) (took [2]time.Duration, err error) {
	before := ""
	for i, scan := range []string{badgeOf(n), labelOf(n)} {
		var answer struct{ Result string }
		began := time.Now()
		if _, err := st.send(ctx, http.MethodPost, "/self/station/scans", map[string]string{"scan": scan, "with": before}, &answer); err != nil {
			return took, err
		}
		took[i], before = time.Since(began), scan
		if want := []string{"person", "taken"}[i]; answer.Result != want {
			return took, fmt.Errorf("scan %d of person %d came to %q", i+1, n, answer.Result)
		}
	}
	return took, nil
}

// readBoards reads every station's board as its screen does, until it is stopped.
func (s *site) readBoards(ctx context.Context, stations []*station) (*[]time.Duration, func() error) {
	ctx, cancel := context.WithCancel(ctx)
	var mu sync.Mutex
	var all sync.WaitGroup
	var took []time.Duration
	var failed error
	for i, st := range stations {
		all.Go(func() {
			for wait := boardEvery * time.Duration(i) / shiftWards; pause(ctx, wait); wait = boardEvery {
				began := time.Now()
				_, err := st.send(ctx, http.MethodGet, "/self/station", nil, nil)
				mu.Lock()
				if err != nil && ctx.Err() == nil {
					failed = errors.Join(failed, err)
				} else if err == nil {
					took = append(took, time.Since(began))
				}
				mu.Unlock()
			}
		})
	}
	return &took, func() error {
		cancel()
		all.Wait()
		return failed
	}
}

// compareHolders requires that every handheld is on the name of who took it.
func (s *site) compareHolders(ctx context.Context) error {
	right := 0
	for cursor := ""; ; {
		var page struct {
			Items []struct {
				Label string
				Use   struct {
					Username string
					EndedAt  *string `json:"ended_at"`
				}
			}
			NextCursor string `json:"next_cursor"`
		}
		if err := s.person.do(ctx, http.MethodGet, "/shared-handhelds?limit=200&cursor="+cursor, nil, &page); err != nil {
			return err
		}
		for _, i := range page.Items {
			var n int
			if _, err := fmt.Sscanf(i.Label, "HH-%05d", &n); err == nil && i.Use.EndedAt == nil && i.Use.Username == fmt.Sprintf("nurse%d", n) {
				right++
			}
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if right != shiftStaff {
		return fmt.Errorf("of %d handhelds %d are on the name of who took them", shiftStaff, right)
	}
	return nil
}
