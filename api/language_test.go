package api

import (
	"encoding/json"
	"net/http"
	"testing"
)

func TestAGermanReaderIsRefusedInGerman(t *testing.T) {
	x := newHouse(t)
	for language, want := range map[string]string{
		"":                 "Sign in first, or sign in again.",
		"en-GB, de;q=0.5":  "Sign in first, or sign in again.",
		"de-CH, en;q=0.5":  "Melden Sie sich zuerst an, oder noch einmal.",
		"fr-FR, de-DE;q=1": "Melden Sie sich zuerst an, oder noch einmal.",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, x.url+"/api/v1/devices", nil)
		x.must(err)
		r.Header.Set("Accept-Language", language)
		answer, err := x.http.Do(r)
		x.must(err)
		var p struct{ Code, Detail string }
		err = json.NewDecoder(answer.Body).Decode(&p)
		_ = answer.Body.Close()
		x.must(err)
		if p.Detail != want || p.Code != "sign_in_needed" {
			t.Errorf("Accept-Language %q: %q (%s), want %q", language, p.Detail, p.Code, want)
		}
	}
}
