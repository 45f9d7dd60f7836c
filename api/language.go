package api

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"wardline/internal/translate"
)

// The server's sentences leave in the language that the reader's Accept-Language
// asks for. Which members of an answer are such sentences stands at them, in the
// tag `speak`: "words" for names and sentences that are always ours, "sentence"
// for what may also be somebody's own text, of which only whole sentences of ours
// are translated.
const speakTag = "speak"

// speaking is the transformer that translates answers.
func speaking(ctx huma.Context, _ string, v any) (any, error) {
	c := translate.For(ctx.Header("Accept-Language"))
	if c == nil || v == nil {
		return v, nil
	}
	ctx.SetHeader("Content-Language", "de")
	if p, isProblem := v.(*Problem); isProblem {
		return p.in(c), nil
	}
	value := reflect.New(reflect.TypeOf(v)).Elem()
	value.Set(reflect.ValueOf(v))
	speak(c, value)
	return value.Interface(), nil
}

// speak translates the tagged members of v in place.
func speak(c *translate.Catalogue, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			speak(c, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() {
				continue
			}
			if how, tagged := field.Tag.Lookup(speakTag); tagged {
				speakMember(c, v.Field(i), how)
				continue
			}
			speak(c, v.Field(i))
		}
	case reflect.Slice:
		if k := v.Type().Elem().Kind(); k == reflect.Struct || k == reflect.Pointer {
			for i := range v.Len() {
				speak(c, v.Index(i))
			}
		}
	}
}

func speakMember(c *translate.Catalogue, v reflect.Value, how string) {
	if !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		if how == "sentence" && !strings.HasSuffix(v.String(), ".") {
			return
		}
		v.SetString(c.Say(v.String()))
	case reflect.Slice:
		// The slice may be somebody's own table of words: it is copied.
		said := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			said.Index(i).SetString(c.Say(v.Index(i).String()))
		}
		v.Set(said)
	}
}

// in is the problem in another language; its code stays.
func (p *Problem) in(c *translate.Catalogue) *Problem {
	if c == nil {
		return p
	}
	said := *p
	said.Detail, said.Help = c.Say(p.Detail), c.Say(p.Help)
	said.Errors = append(said.Errors[:0:0], p.Errors...)
	for i := range said.Errors {
		said.Errors[i].Detail = c.Say(said.Errors[i].Detail)
	}
	return &said
}

// languageOf reads the language of a plain gin request.
func languageOf(r *http.Request) *translate.Catalogue {
	return translate.For(r.Header.Get("Accept-Language"))
}
