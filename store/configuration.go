package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"wardline/audit"
	"wardline/configuration"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

var _ configuration.Storage = (*Store)(nil)

type configDocumentRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	Subkind   string `gorm:"column:subkind"`
	Name      string `gorm:"column:name"`
	NameNorm  string `gorm:"column:name_norm"`
	Version   int    `gorm:"column:version"`
	Retired   bool   `gorm:"column:retired"`
	CreatedAt dbTime `gorm:"column:created_at;autoCreateTime:false"`
	UpdatedAt dbTime `gorm:"column:updated_at;autoUpdateTime:false"`
}

func (configDocumentRow) TableName() string { return "config_document" }

type configVersionRow struct {
	DocumentID string `gorm:"column:document_id;primaryKey"`
	Version    int    `gorm:"column:version;primaryKey"`
	Number     int    `gorm:"column:number"`
	Content    string `gorm:"column:content"`
	Note       string `gorm:"column:note"`
	CreatedAt  dbTime `gorm:"column:created_at;autoCreateTime:false"`
	CreatedBy  string `gorm:"column:created_by"`
	Proof
}

func (configVersionRow) TableName() string { return "config_version" }

// documentRow is a document with its newest version.
type documentRow struct {
	Row     configDocumentRow `gorm:"embedded"`
	Number  int               `gorm:"column:number"`
	Content string            `gorm:"column:content"`
}

func (r documentRow) document() configuration.Document {
	d := r.Row
	return configuration.Document{ID: configuration.DocumentID(d.ID), Subkind: device.Subkind(d.Subkind), Name: d.Name,
		Version: d.Version, Number: r.Number, Content: json.RawMessage(r.Content), Retired: d.Retired,
		CreatedAt: d.CreatedAt.time(), UpdatedAt: d.UpdatedAt.time()}
}

const selectDocuments = `SELECT d.*, v.number, v.content FROM config_document d
	JOIN config_version v ON v.document_id = d.id AND v.version = d.version`

// ConfigDocuments implements configuration.Storage.
func (s *Store) ConfigDocuments(ctx context.Context, subkind device.Subkind) ([]configuration.Document, error) {
	var rows []documentRow
	err := s.reader.WithContext(ctx).Raw(selectDocuments+" WHERE ? IN ('', d.subkind) ORDER BY d.subkind, d.name_norm, d.id", subkind).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list configuration documents: %w", err)
	}
	out := make([]configuration.Document, len(rows))
	for i, r := range rows {
		out[i] = r.document()
	}
	return out, nil
}

// ConfigDocument implements configuration.Storage.
func (s *Store) ConfigDocument(ctx context.Context, id configuration.DocumentID) (configuration.Document, error) {
	return readDocument(s.reader.WithContext(ctx), id)
}

func readDocument(db *gorm.DB, id configuration.DocumentID) (configuration.Document, error) {
	var rows []documentRow
	if err := db.Raw(selectDocuments+" WHERE d.id = ?", id).Scan(&rows).Error; err != nil {
		return configuration.Document{}, fmt.Errorf("read configuration document %s: %w", id, err)
	}
	if len(rows) == 0 {
		return configuration.Document{}, fault.CodeNotFound.New("There is no configuration document with the identifier %s.", id)
	}
	return rows[0].document(), nil
}

// ConfigVersions implements configuration.Storage.
func (s *Store) ConfigVersions(ctx context.Context, id configuration.DocumentID) ([]configuration.Version, error) {
	var rows []configVersionRow
	if err := s.reader.WithContext(ctx).Where("document_id = ?", id).Order("version DESC").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list the versions of configuration document %s: %w", id, err)
	}
	out := make([]configuration.Version, len(rows))
	for i, r := range rows {
		out[i] = configuration.Version{Document: id, Version: r.Version, Number: r.Number, Content: json.RawMessage(r.Content),
			Note: r.Note, CreatedAt: r.CreatedAt.time(), CreatedBy: r.CreatedBy}
	}
	return out, nil
}

// CreateConfig implements configuration.Storage.
func (s *Store) CreateConfig(ctx context.Context, d configuration.Document, by, note string, event audit.Event) (configuration.Document, error) {
	err := s.write(ctx, func(t *tx) error {
		row := configDocumentRow{ID: string(d.ID), Subkind: string(d.Subkind), Name: d.Name, NameNorm: inventory.Normal(d.Name),
			Version: 1, CreatedAt: dbTime(t.now), UpdatedAt: dbTime(t.now)}
		if err := t.Create(&row).Error; err != nil {
			if errors.Is(err, gorm.ErrDuplicatedKey) {
				return configuration.CodeDocumentExists.Wrap(err, "There is a document called %s of this kind already.", d.Name).WithField("name", "is taken")
			}
			return fmt.Errorf("create configuration document %s: %w", d.ID, err)
		}
		t.record(event)
		return t.addConfigVersion(d.ID, 1, d.Content, by, note)
	})
	if err != nil {
		return configuration.Document{}, err
	}
	return s.ConfigDocument(ctx, d.ID)
}

// numbersPerEpoch is more than a hospital publishes.
const numbersPerEpoch = 1_000_000

func (t *tx) addConfigVersion(id configuration.DocumentID, version int, content json.RawMessage, by, note string) error {
	if t.engine == Postgres {
		// Two documents that get a version at once must not get the same number.
		if err := t.Exec("LOCK TABLE config_version IN SHARE ROW EXCLUSIVE MODE").Error; err != nil {
			return fmt.Errorf("number a configuration version: %w", err)
		}
	}
	var newest int
	if err := t.Raw("SELECT coalesce(max(number), 0) FROM config_version").Scan(&newest).Error; err != nil {
		return fmt.Errorf("number a configuration version: %w", err)
	}
	epoch, err := t.store.currentEpoch(t.DB)
	if err != nil {
		return err
	}
	// Devices report these numbers: one that a restore lost is never given anew.
	newest = max(newest, (epoch-1)*numbersPerEpoch)
	row := configVersionRow{DocumentID: string(id), Version: version, Number: newest + 1, Content: string(content), Note: note,
		CreatedAt: dbTime(t.now), CreatedBy: by}
	if err := t.sign(&row); err != nil {
		return err
	}
	if err := t.Create(&row).Error; err != nil {
		return fmt.Errorf("add version %d of configuration document %s: %w", version, id, err)
	}
	return nil
}

// ChangeConfig implements configuration.Storage.
func (s *Store) ChangeConfig(ctx context.Context, id configuration.DocumentID,
	decide func(configuration.Document, int) (configuration.DocumentChange, error)) (configuration.Document, error) {
	err := s.write(ctx, func(t *tx) error {
		if err := t.Exec("SELECT id FROM config_document WHERE id = ?"+t.lockRows(), id).Error; err != nil {
			return fmt.Errorf("lock configuration document %s: %w", id, err)
		}
		d, err := readDocument(t.DB, id)
		if err != nil {
			return err
		}
		var assignments int64
		if err := t.Raw("SELECT count(*) FROM config_assignment WHERE document_id = ?", id).Scan(&assignments).Error; err != nil {
			return fmt.Errorf("count the assignments of configuration document %s: %w", id, err)
		}
		change, err := decide(d, int(assignments))
		if err != nil {
			return err
		}
		if change.Content != nil {
			d.Version++
			if err := t.addConfigVersion(id, d.Version, change.Content, change.By, change.Note); err != nil {
				return err
			}
		}
		err = t.Exec("UPDATE config_document SET version = ?, name = ?, name_norm = ?, retired = ?, updated_at = ? WHERE id = ?",
			d.Version, change.Name, inventory.Normal(change.Name), change.Retired, dbTime(t.now), id).Error
		if err != nil {
			return fmt.Errorf("change configuration document %s: %w", id, err)
		}
		t.record(change.Event)
		return t.pendingWhere("d.id IN (SELECT device_id FROM config_state WHERE document_id = ? AND document_id <> '')", id)
	})
	if err != nil {
		return configuration.Document{}, err
	}
	return s.ConfigDocument(ctx, id)
}

type assignmentRow struct {
	ID         string `gorm:"column:id;primaryKey"`
	DocumentID string `gorm:"column:document_id"`
	Subkind    string `gorm:"column:subkind"`
	Class      string `gorm:"column:class"`
	ModelID    string `gorm:"column:model_id"`
	PlaceID    string `gorm:"column:place_id"`
	Tag        string `gorm:"column:tag"`
	Ownership  string `gorm:"column:ownership"`
	CreatedAt  dbTime `gorm:"column:created_at;autoCreateTime:false"`
	CreatedBy  string `gorm:"column:created_by"`
	Proof
}

func (assignmentRow) TableName() string { return "config_assignment" }

func (r assignmentRow) assignment() configuration.Assignment {
	return configuration.Assignment{ID: configuration.AssignmentID(r.ID), Document: configuration.DocumentID(r.DocumentID),
		Subkind: device.Subkind(r.Subkind), CreatedAt: r.CreatedAt.time(), CreatedBy: r.CreatedBy,
		Selector: configuration.Selector{Class: device.Class(r.Class), Model: device.ModelID(r.ModelID), Place: device.PlaceID(r.PlaceID),
			Tag: r.Tag, Ownership: configuration.Ownership(r.Ownership)}}
}

// ConfigAssignments implements configuration.Storage.
func (s *Store) ConfigAssignments(ctx context.Context) ([]configuration.Assignment, error) {
	return readAssignments(s.reader.WithContext(ctx), nil)
}

// readAssignments reads all of them; with believe, for a decision, it fails when
// one cannot be believed.
func readAssignments(db *gorm.DB, believe func(provable) error) ([]configuration.Assignment, error) {
	var rows []struct {
		Row     assignmentRow `gorm:"embedded"`
		Name    string        `gorm:"column:name"`
		Version int           `gorm:"column:version"`
		Number  int           `gorm:"column:number"`
	}
	err := db.Raw(`SELECT a.*, d.name, d.version, v.number FROM config_assignment a JOIN config_document d ON d.id = a.document_id
		JOIN config_version v ON v.document_id = d.id AND v.version = d.version ORDER BY a.created_at, a.id`).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read configuration assignments: %w", err)
	}
	out := make([]configuration.Assignment, len(rows))
	for i, r := range rows {
		if believe != nil {
			if err := believe(&r.Row); err != nil {
				return nil, err
			}
		}
		out[i] = r.Row.assignment()
		out[i].Name, out[i].Version, out[i].Number = r.Name, r.Version, r.Number
	}
	return out, nil
}

// AssignConfig implements configuration.Storage.
func (s *Store) AssignConfig(ctx context.Context, a configuration.Assignment,
	check func([]configuration.Assignment, func(a, b configuration.Selector) (bool, error)) error, event audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		if t.engine == Postgres {
			// Two assignments saved at once could tie with each other.
			if err := t.Exec("LOCK TABLE config_assignment IN SHARE ROW EXCLUSIVE MODE").Error; err != nil {
				return fmt.Errorf("assign configuration: %w", err)
			}
		}
		others, err := readAssignments(t.DB, t.believeUnlocked)
		if err != nil {
			return err
		}
		if err := check(others, t.fitsBoth); err != nil {
			return err
		}
		row := assignmentRow{ID: string(a.ID), DocumentID: string(a.Document), Subkind: string(a.Subkind), Class: string(a.Selector.Class),
			ModelID: string(a.Selector.Model), PlaceID: string(a.Selector.Place), Tag: a.Selector.Tag, Ownership: string(a.Selector.Ownership),
			CreatedAt: dbTime(t.now), CreatedBy: a.CreatedBy}
		if err := t.sign(&row); err != nil {
			return err
		}
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("assign configuration document %s: %w", a.Document, err)
		}
		t.record(event)
		return t.pendingFitting(a.Selector)
	})
}

// fitsBoth reports whether there is a device that fits both selectors.
func (t *tx) fitsBoth(a, b configuration.Selector) (bool, error) {
	condition, args := fitting(a)
	other, more := fitting(b)
	var n int
	err := t.Raw("SELECT count(*) FROM (SELECT 1 FROM device d WHERE "+condition+" AND "+other+" LIMIT 1) AS found", append(args, more...)...).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for devices that fit two assignments: %w", err)
	}
	return n > 0, nil
}

// fitting is the condition that a device d fits the selector.
func fitting(s configuration.Selector) (string, []any) {
	m := &matching{where: []string{"1 = 1"}}
	if s.Class != "" {
		m.and("d.class = ?", s.Class)
	}
	if s.Model != "" {
		m.and("d.model_id = ?", s.Model)
	}
	if s.Place != "" {
		m.within([]device.PlaceID{s.Place})
	}
	if s.Tag != "" {
		m.and("d.id IN (SELECT device_id FROM device_tag WHERE tag = ?)", s.Tag)
	}
	if s.Ownership != "" {
		in(m, "d.class", classesOwnedBy(s.Ownership))
	}
	return joinConditions(m.where), m.args
}

func classesOwnedBy(o configuration.Ownership) []device.Class {
	var out []device.Class
	for _, c := range device.Classes() {
		if configuration.OwnershipOf(c) == o {
			out = append(out, c)
		}
	}
	return out
}

// UnassignConfig implements configuration.Storage.
func (s *Store) UnassignConfig(ctx context.Context, id configuration.AssignmentID, event func(configuration.Assignment) audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		all, err := readAssignments(t.DB, nil) // also one that cannot be believed may be taken back
		if err != nil {
			return err
		}
		for _, a := range all {
			if a.ID != id {
				continue
			}
			if err := t.Where("id = ?", id).Delete(&assignmentRow{}).Error; err != nil {
				return fmt.Errorf("take back assignment %s: %w", id, err)
			}
			t.record(event(a))
			return t.pendingFitting(a.Selector)
		}
		return fault.CodeNotFound.New("There is no assignment with the identifier %s.", id)
	})
}

// ConfigSummaries implements configuration.Storage.
func (s *Store) ConfigSummaries(ctx context.Context, id configuration.DocumentID) (map[configuration.DocumentID]configuration.Summary, error) {
	var rows []struct {
		DocumentID string `gorm:"column:document_id"`
		InForce    int    `gorm:"column:in_force"`
		Drifting   int    `gorm:"column:drifting"`
	}
	condition, args := "", []any{}
	if id != "" {
		condition, args = " AND document_id = ?", []any{id}
	}
	err := s.reader.WithContext(ctx).Raw(`SELECT document_id, count(*) FILTER (WHERE NOT drift) AS in_force, count(*) FILTER (WHERE drift) AS drifting
		FROM config_state WHERE document_id <> ''`+condition+" GROUP BY document_id", args...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count the devices of configuration documents: %w", err)
	}
	out := make(map[configuration.DocumentID]configuration.Summary, len(rows))
	for _, r := range rows {
		out[configuration.DocumentID(r.DocumentID)] = configuration.Summary{InForce: r.InForce, Drifting: r.Drifting}
	}
	return out, nil
}

// configurationChanged says that what is desired of these devices may have
// changed, and refuses tags that would leave it undecided.
func (t *tx) configurationChanged(ids ...device.ID) error {
	if err := t.refuseTies(ids); err != nil {
		return err
	}
	for start := 0; start < len(ids); start += idsPerSelect {
		if err := t.pendingWhere("d.id IN ?", ids[start:min(start+idsPerSelect, len(ids))]); err != nil {
			return err
		}
	}
	return nil
}

// refuseTies asks package configuration about those of the devices that have
// several tags by which something is assigned; nearly always there are none.
func (t *tx) refuseTies(ids []device.ID) error {
	var several []device.ID
	for start := 0; start < len(ids); start += idsPerSelect {
		var page []device.ID
		err := t.Raw(`SELECT g.device_id FROM device_tag g WHERE g.device_id IN ? AND g.tag IN (SELECT tag FROM config_assignment)
			GROUP BY g.device_id HAVING count(*) > 1`, ids[start:min(start+idsPerSelect, len(ids))]).Scan(&page).Error
		if err != nil {
			return fmt.Errorf("look for tied configuration: %w", err)
		}
		several = append(several, page...)
	}
	if len(several) == 0 {
		return nil
	}
	assignments, err := readAssignments(t.DB, t.believeUnlocked)
	if err != nil {
		return err
	}
	subjects, err := readSubjects(t.DB, several)
	if err != nil {
		return err
	}
	for _, d := range subjects {
		if err := configuration.Tie(assignments, d); err != nil {
			return err
		}
	}
	return nil
}

// pendingFitting says that what is desired of all devices that fit the selector
// may have changed.
func (t *tx) pendingFitting(s configuration.Selector) error {
	condition, args := fitting(s)
	return t.pendingWhere(condition, args...)
}

// pendingBelow is pendingFitting for all devices in a part of the tree of places.
func (t *tx) pendingBelow(id device.PlaceID) error {
	return t.pendingFitting(configuration.Selector{Place: id})
}

func (t *tx) pendingWhere(condition string, args ...any) error {
	err := t.Exec(`INSERT INTO config_pending (device_id, at) SELECT d.id, ? FROM device d WHERE `+condition+`
		ON CONFLICT (device_id) DO UPDATE SET at = excluded.at`, append([]any{dbTime(t.now)}, args...)...).Error
	if err != nil {
		return fmt.Errorf("note whose configuration may change: %w", err)
	}
	return nil
}
