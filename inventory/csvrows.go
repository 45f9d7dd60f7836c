package inventory

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"wardline/internal/fault"
)

// Limits of an uploaded CSV file.
const (
	MaxCSVBytes = 10 << 20
	MaxCSVRows  = 20_000
	// maxRowErrors is how many bad rows are named; the rest is only counted.
	maxRowErrors = 500
)

// RowError says what is wrong in one place of a CSV file.
type RowError struct {
	Line   int    `json:"line"`   // from 1, as an editor counts
	Column string `json:"column"` // the column's name; empty: the whole line
	Reason string `json:"reason"`
}

// csvFile is what was read of a file: its rows went to the reader's each.
type csvFile struct {
	errors []RowError
	// more says that there are more errors than are listed.
	more bool
	rows int
	// hash is the hexadecimal SHA-256 of the file's bytes.
	hash string
}

// csvRow is one line of a file.
type csvRow struct {
	file  *csvFile
	line  int
	cells map[string]string
}

// fail notes what is wrong with a cell.
func (r csvRow) fail(column, format string, args ...any) {
	r.file.fail(r.line, column, format, args...)
}

func (f *csvFile) fail(line int, column, format string, args ...any) {
	if len(f.errors) == maxRowErrors {
		f.more = true
		return
	}
	f.errors = append(f.errors, RowError{Line: line, Column: column, Reason: fmt.Sprintf(format, args...)})
}

// sort puts errors in the order of lines, also those that were found last.
func (f *csvFile) sort() {
	slices.SortStableFunc(f.errors, func(a, b RowError) int { return a.Line - b.Line })
}

// fault is nil for a file without errors.
func (f *csvFile) fault() error {
	if len(f.errors) == 0 {
		return nil
	}
	count := fmt.Sprint(len(f.errors))
	if f.more {
		count = "more than " + count
	}
	bad := CodeCSV.New("The file has %s errors; nothing was taken in. The first: line %d%s: %s.",
		count, f.errors[0].Line, inColumn(f.errors[0].Column), f.errors[0].Reason)
	for _, e := range f.errors {
		bad.WithField(fmt.Sprintf("line %d%s", e.Line, inColumn(e.Column)), "%s", e.Reason)
	}
	return bad
}

func inColumn(column string) string {
	if column == "" {
		return ""
	}
	return ", column " + column
}

// readCSV reads a file with a header line, row by row and in bounded memory.
// Columns are separated by commas, or by semicolons when the header has them, as
// spreadsheets do in many countries. It is strict: unknown, double and missing
// columns, short and long rows, stray quotes and text that is not UTF-8 are
// errors that name their line. A fault is returned for a file that is no table at
// all or too large.
func readCSV(r io.Reader, known, required []string, each func(csvRow)) (*csvFile, error) {
	hash := sha256.New()
	limited := &limitedReader{r: io.TeeReader(r, hash), left: MaxCSVBytes}
	f := &csvFile{}
	reader, header, err := openCSV(limited, known, required, f)
	if err != nil || len(f.errors) > 0 {
		return f, err
	}
	for {
		record, err := reader.Read()
		if err == io.EOF {
			break
		}
		if err := f.row(reader, header, record, err, each); err != nil {
			return f, err
		}
	}
	if f.rows == 0 && len(f.errors) == 0 {
		f.fail(1, "", "the file has a header and no rows")
	}
	f.hash = hex.EncodeToString(hash.Sum(nil))
	return f, nil
}

func (f *csvFile) row(reader *csv.Reader, header, record []string, err error, each func(csvRow)) error {
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		f.rows++
		f.fail(parse.Line, "", "a quotation mark stands where none can be; double it inside a quoted cell")
	case err != nil:
		return readFault(err)
	default:
		line, _ := reader.FieldPos(0)
		f.rows++
		f.cells(line, header, record, each)
	}
	if f.rows > MaxCSVRows {
		return fault.CodeTooLarge.New("The file has more than %d rows: split it.", MaxCSVRows)
	}
	return nil
}

func (f *csvFile) cells(line int, header, record []string, each func(csvRow)) {
	if len(record) != len(header) {
		f.fail(line, "", "the row has %d cells and the header %d", len(record), len(header))
		return
	}
	row := csvRow{file: f, line: line, cells: make(map[string]string, len(header))}
	for i, cell := range record {
		if !utf8.ValidString(cell) {
			row.fail(header[i], "is not UTF-8: save the file as \"CSV UTF-8\"")
			return
		}
		row.cells[header[i]] = strings.TrimSpace(unquoteFormula(cell))
	}
	each(row)
}

// openCSV reads the header line.
func openCSV(r io.Reader, known, required []string, f *csvFile) (*csv.Reader, []string, error) {
	first, rest, err := firstLine(r)
	if err != nil {
		return nil, nil, readFault(err)
	}
	reader := csv.NewReader(io.MultiReader(strings.NewReader(first), rest))
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	if strings.Contains(first, ";") && !strings.Contains(first, ",") {
		reader.Comma = ';'
	}
	record, err := reader.Read()
	if err == io.EOF {
		return nil, nil, CodeCSV.New("The file is empty.")
	} else if err != nil {
		if f := readFault(err); !errors.As(err, new(*csv.ParseError)) {
			return nil, nil, f
		}
		return nil, nil, CodeCSV.New("The first line is no list of columns.")
	}
	header := make([]string, len(record))
	for i, cell := range record {
		header[i] = strings.ReplaceAll(Normal(cell), " ", "_")
		switch {
		case !slices.Contains(known, header[i]):
			f.fail(1, clip(header[i]), "is not a column that is known: they are %s", strings.Join(known, ", "))
		case slices.Contains(header[:i], header[i]):
			f.fail(1, header[i], "stands in the header twice")
		}
	}
	for _, name := range required {
		if !slices.Contains(header, name) {
			f.fail(1, name, "is missing from the header")
		}
	}
	return reader, header, nil
}

const byteOrderMark = "\ufeff"

// firstLine reads up to the first line feed, without a byte order mark.
func firstLine(r io.Reader) (string, io.Reader, error) {
	const most = 4096
	var line []byte
	buf := make([]byte, most)
	for len(line) < most {
		n, err := r.Read(buf[:most-len(line)])
		line = append(line, buf[:n]...)
		if strings.Contains(string(line), "\n") || err == io.EOF {
			break
		}
		if err != nil {
			return "", nil, err
		}
	}
	s := strings.TrimPrefix(string(line), byteOrderMark)
	head, tail, found := strings.Cut(s, "\n")
	if found {
		head += "\n"
	}
	return head, io.MultiReader(strings.NewReader(tail), r), nil
}

var errTooLarge = errors.New("the file is too large")

// limitedReader fails, instead of ending, past the limit: a file that is cut off
// must not be taken for a whole one.
type limitedReader struct {
	r    io.Reader
	left int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

func readFault(err error) error {
	if errors.Is(err, errTooLarge) {
		return fault.CodeTooLarge.New("The file is larger than %d MiB: split it.", MaxCSVBytes>>20)
	}
	return fmt.Errorf("read CSV: %w", err)
}

// formulaStarts are the characters with which a cell becomes a formula in a
// spreadsheet, and so somebody else's program.
const formulaStarts = "=+-@\t\r"

// quoteFormula makes a spreadsheet show the cell as the text that it is.
func quoteFormula(cell string) string {
	if cell != "" && strings.ContainsRune(formulaStarts, rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// unquoteFormula takes back quoteFormula, so that an exported file can be sent in.
func unquoteFormula(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune(formulaStarts, rune(cell[1])) {
		return cell[1:]
	}
	return cell
}
