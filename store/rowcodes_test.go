package store

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardline/internal/rowmac"
)

func testKeys(t testing.TB) *rowmac.Keys {
	t.Helper()
	keys, err := rowmac.New([]byte("a key of thirty-two bytes, no more"[:32]))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// everyRow has a row of each table that carries codes.
func everyRow() []provable {
	return []provable{&accountRow{}, &foundingRow{}, &accountChangeRow{}, &recoveryRow{}, &setupLinkRow{}, &sessionRow{}, &refreshRow{},
		&stepUpRow{}, &tokenRow{}, &commandRow{}, &freezeRow{}, &limitChangeRow{}, &invitationRow{}, &configVersionRow{}, &assignmentRow{}, &epochRow{}}
}

// Whichever column of a row that grants power is changed, by whatever is put in
// its place, the row is not believed; nor is one whose code was taken from another
// row, whose version was set back, or that carries none.
func TestARowThatGrantsPowerIsBelievedOnlyAsItWasWritten(t *testing.T) {
	rows := everyRow()
	if len(rows) != len(rowmac.Tables) {
		t.Fatalf("%d tables carry codes, %d are tried", len(rowmac.Tables), len(rows))
	}
	for _, row := range rows {
		t.Run(row.TableName(), func(t *testing.T) { rapid.Check(t, func(rt *rapid.T) { oneRow(rt, testKeys(t), row) }) })
	}
}

func oneRow(rt *rapid.T, keys *rowmac.Keys, row provable) {
	s := &Store{rowKeys: keys, memory: newRowMemory()}
	tx := &tx{store: s, link: "link-1", versions: map[string]rowmac.Version{}, written: map[string]bool{}}
	v := reflect.ValueOf(row).Elem()
	v.SetZero()
	table := rowmac.Named(row.TableName())
	covered := columnsOf(v, slices.Concat(table.Key, table.Columns))
	for name, f := range covered {
		f.Set(drawn(rt, name, f.Type()))
	}
	if err := tx.sign(row); err != nil {
		rt.Fatal(err)
	}
	if a := s.doubt(row); a != nil {
		rt.Fatalf("as it was written: %+v", a)
	}
	name := rapid.SampledFrom(slices.Sorted(keysOf(covered))).Draw(rt, "column")
	was := reflect.New(covered[name].Type()).Elem()
	was.Set(covered[name])
	covered[name].Set(drawn(rt, "another "+name, was.Type()))
	if same := reflect.DeepEqual(plain(was), plain(covered[name])); same != (s.doubt(row) == nil) {
		rt.Fatalf("%s changed from %v to %v: believed %t", name, was, covered[name], s.doubt(row) == nil)
	}
	covered[name].Set(was)
	p := row.carried()
	for what, change := range map[string]func(){"the version": func() { p.RowN++ }, "the audit link": func() { p.RowLink = "link-2" },
		"no code": func() { p.RowMAC = nil }, "a cut code": func() { p.RowMAC = p.RowMAC[:10] }} {
		kept := *p
		change()
		if s.doubt(row) == nil {
			rt.Fatalf("believed with another: %s", what)
		}
		*p = kept
	}
}

func columnsOf(v reflect.Value, names []string) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	for _, f := range reflect.VisibleFields(v.Type()) {
		for part := range strings.SplitSeq(f.Tag.Get("gorm"), ";") {
			if name, ok := strings.CutPrefix(part, "column:"); ok && slices.Contains(names, name) {
				out[name] = v.FieldByIndex(f.Index)
			}
		}
	}
	return out
}

func keysOf[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// plain makes values comparable as the database would: an empty list of bytes is
// none, a time is its microseconds.
func plain(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case []byte:
		return string(x)
	case dbTime:
		value, _ := x.Value()
		return value
	default:
		return x
	}
}

func drawn(rt *rapid.T, name string, of reflect.Type) reflect.Value {
	switch {
	case of == reflect.TypeFor[dbTime]():
		return reflect.ValueOf(dbTime(time.UnixMicro(rapid.Int64Range(0, 1<<50).Draw(rt, name)).UTC()))
	case of.Kind() == reflect.String:
		return reflect.ValueOf(rapid.StringN(0, 8, -1).Draw(rt, name))
	case of.Kind() == reflect.Bool:
		return reflect.ValueOf(rapid.Bool().Draw(rt, name))
	case of.Kind() == reflect.Slice:
		return reflect.ValueOf(rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(rt, name))
	}
	return reflect.ValueOf(rapid.Int64Range(-3, 1000).Draw(rt, name)).Convert(of)
}
