package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"wardline/auth"
	"wardline/configuration"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

func (a *API) registerConfigurations() {
	register(a, operation{id: "list_configurations", method: http.MethodGet, path: "/configurations", tag: "configuration",
		summary: "Documents by kind and name"}, may(auth.ConfigurationsRead), a.listConfigurations)
	register(a, operation{id: "get_configuration", method: http.MethodGet, path: "/configurations/{id}", tag: "configuration",
		summary: "One document with its newest version, and on how many devices it is in force"}, may(auth.ConfigurationsRead), a.getConfiguration)
	register(a, operation{id: "create_configuration", method: http.MethodPost, path: "/configurations", tag: "configuration",
		status: http.StatusCreated, summary: "Add a document", about: "Nothing follows from it until it is assigned."},
		mayFresh(auth.ConfigurationsWrite), a.createConfiguration)
	register(a, operation{id: "publish_configuration", method: http.MethodPost, path: "/configurations/{id}/versions", tag: "configuration",
		status: http.StatusCreated, summary: "Add a version", about: "Every device that the document is meant for follows, through the same gate as any command."},
		mayFresh(auth.ConfigurationsWrite), a.publishConfiguration)
	register(a, operation{id: "list_configuration_versions", method: http.MethodGet, path: "/configurations/{id}/versions", tag: "configuration",
		summary: "A document's versions, newest first"}, may(auth.ConfigurationsRead), a.listVersions)
	register(a, operation{id: "retire_configuration", method: http.MethodPost, path: "/configurations/{id}/retire", tag: "configuration",
		summary: "Put aside a document that is not assigned"}, mayFresh(auth.ConfigurationsWrite), a.retireConfiguration)
	register(a, operation{id: "list_assignments", method: http.MethodGet, path: "/assignments", tag: "configuration",
		summary: "Which documents are meant for which devices"}, may(auth.ConfigurationsRead), a.listAssignments)
	register(a, operation{id: "create_assignment", method: http.MethodPost, path: "/assignments", tag: "configuration",
		status: http.StatusCreated, summary: "Mean a document for some devices",
		about: "The most specific assignment wins; one that would tie with another is refused and names it."}, mayFresh(auth.ConfigurationsWrite), a.createAssignment)
	register(a, operation{id: "delete_assignment", method: http.MethodDelete, path: "/assignments/{id}", tag: "configuration",
		status: http.StatusNoContent, summary: "Take an assignment back"}, mayFresh(auth.ConfigurationsWrite), a.deleteAssignment)
	register(a, operation{id: "get_device_configuration", method: http.MethodGet, path: "/devices/{id}/configuration", tag: "configuration",
		summary: "What is desired of a device, what it reports, and why this one"}, may(auth.ConfigurationsRead), a.deviceConfiguration)
	register(a, operation{id: "preview_configuration", method: http.MethodPost, path: "/configurations/preview", tag: "configuration",
		summary: "What a change would do, without doing it"}, may(auth.ConfigurationsRead), a.previewConfiguration)
}

// DocumentView is a configuration document with its newest version.
type DocumentView struct {
	ID        configuration.DocumentID `json:"id"`
	Subkind   device.Subkind           `json:"subkind" enum:"wifi,trust,policy,text,apps"`
	Name      string                   `json:"name"`
	Version   int                      `json:"version" doc:"As in the ETag."`
	Number    int                      `json:"number" doc:"What a device is told, and reports, as its version."`
	Content   json.RawMessage          `json:"content"`
	Retired   bool                     `json:"retired"`
	CreatedAt time.Time                `json:"created_at"`
	UpdatedAt time.Time                `json:"updated_at"`
	InForce   int                      `json:"devices_in_force" doc:"It is desired of them, and they report it."`
	Drifting  int                      `json:"devices_drifting" doc:"It is desired of them, and they report something else or nothing."`
}

func documentView(d configuration.Document, in configuration.Summary) DocumentView {
	return DocumentView{ID: d.ID, Subkind: d.Subkind, Name: d.Name, Version: d.Version, Number: d.Number, Content: d.Content,
		Retired: d.Retired, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt, InForce: in.InForce, Drifting: in.Drifting}
}

type listConfigurationsInput struct {
	PageInput
	Subkind device.Subkind `query:"subkind" enum:"wifi,trust,policy,text,apps"`
}

func (a *API) listConfigurations(ctx context.Context, in *listConfigurationsInput) (*pageOutput[DocumentView], error) {
	documents, err := a.configuration.Documents(ctx, in.Subkind)
	if err != nil {
		return nil, err
	}
	summaries, err := a.configuration.Summaries(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]DocumentView, len(documents))
	for i, d := range documents {
		views[i] = documentView(d, summaries[d.ID])
	}
	return whole(views), nil
}

// DocumentInput names a configuration document.
type DocumentInput struct {
	ID configuration.DocumentID `path:"id" maxLength:"64" doc:"Id of the document."`
}

func (a *API) getConfiguration(ctx context.Context, in *DocumentInput) (*versioned[DocumentView], error) {
	d, err := a.configuration.Document(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	summary, err := a.configuration.Summary(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &versioned[DocumentView]{ETag: etag(d.Version), Body: documentView(d, summary)}, nil
}

// mayConfigure: an assignment may reach any site and class, so only somebody who
// is limited to none changes what is desired.
func mayConfigure(p auth.Principal) error {
	if reach, _ := auth.ReachOf(p, auth.ConfigurationsWrite); !reach.Unlimited() {
		return codeOtherSite.New("Configuration holds for every site, and your account does not.")
	}
	return nil
}

type createConfigurationInput struct {
	IdempotentInput
	Body struct {
		Subkind device.Subkind  `json:"subkind" enum:"wifi,trust,policy,text,apps"`
		Name    string          `json:"name" minLength:"1" maxLength:"80"`
		Content json.RawMessage `json:"content" doc:"A JSON object; each kind has its own members."`
		Note    string          `json:"note,omitempty" maxLength:"500" doc:"Why."`
	}
}

func (a *API) createConfiguration(ctx context.Context, in *createConfigurationInput) (*versioned[DocumentView], error) {
	p, b := principalOf(ctx), in.Body
	if err := mayConfigure(p); err != nil {
		return nil, err
	}
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		d, err := a.configuration.Create(ctx, p.Actor(), b.Subkind, b.Name, b.Content, b.Note)
		return "configuration:" + string(d.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.getConfiguration(ctx, &DocumentInput{ID: configuration.DocumentID(id)})
}

type publishInput struct {
	DocumentInput
	MatchInput
	Body struct {
		Content json.RawMessage `json:"content"`
		Note    string          `json:"note,omitempty" maxLength:"500" doc:"Why."`
	}
}

func (a *API) publishConfiguration(ctx context.Context, in *publishInput) (*versioned[DocumentView], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return a.changeDocument(ctx, in.ID, func(ctx context.Context, p auth.Principal) error {
		_, err := a.configuration.Publish(ctx, p.Actor(), in.ID, version, in.Body.Content, in.Body.Note)
		return err
	})
}

type retireInput struct {
	DocumentInput
	IdempotentInput
}

func (a *API) retireConfiguration(ctx context.Context, in *retireInput) (*versioned[DocumentView], error) {
	return a.changeDocument(ctx, in.ID, func(ctx context.Context, p auth.Principal) error {
		_, err := a.configuration.Retire(ctx, p.Actor(), in.ID)
		return err
	})
}

func (a *API) changeDocument(ctx context.Context, id configuration.DocumentID, effect func(context.Context, auth.Principal) error) (*versioned[DocumentView], error) {
	p := principalOf(ctx)
	if err := mayConfigure(p); err != nil {
		return nil, err
	}
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) { return "configuration:" + string(id), effect(ctx, p) })
	if err != nil {
		return nil, err
	}
	return a.getConfiguration(ctx, &DocumentInput{ID: id})
}

// VersionView is one version of a document.
type VersionView struct {
	Version   int             `json:"version"`
	Number    int             `json:"number"`
	Content   json.RawMessage `json:"content"`
	Note      string          `json:"note"`
	CreatedAt time.Time       `json:"created_at"`
	CreatedBy string          `json:"created_by"`
}

type listVersionsInput struct {
	DocumentInput
	PageInput
}

func (a *API) listVersions(ctx context.Context, in *listVersionsInput) (*pageOutput[VersionView], error) {
	versions, err := a.configuration.Versions(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	views := make([]VersionView, len(versions))
	for i, v := range versions {
		views[i] = VersionView{Version: v.Version, Number: v.Number, Content: v.Content, Note: v.Note, CreatedAt: v.CreatedAt, CreatedBy: v.CreatedBy}
	}
	return whole(views), nil
}

// SelectorView says which devices an assignment is for: those that fit every
// field that is given.
type SelectorView struct {
	Class     device.Class            `json:"class,omitempty"`
	Model     device.ModelID          `json:"model,omitempty" maxLength:"64"`
	Place     device.PlaceID          `json:"place_id,omitempty" maxLength:"64" doc:"Includes everything below it."`
	Tag       string                  `json:"tag,omitempty" maxLength:"40"`
	Ownership configuration.Ownership `json:"ownership,omitempty" enum:"hospital,personal"`
}

func (s SelectorView) selector() configuration.Selector {
	return configuration.Selector{Class: s.Class, Model: s.Model, Place: s.Place, Tag: s.Tag, Ownership: s.Ownership}
}

// AssignmentView is a document meant for some devices.
type AssignmentView struct {
	ID        configuration.AssignmentID `json:"id"`
	Document  configuration.DocumentID   `json:"document_id"`
	Name      string                     `json:"name" doc:"The document's."`
	Subkind   device.Subkind             `json:"subkind"`
	Version   int                        `json:"version"`
	Selector  SelectorView               `json:"selector"`
	CreatedAt time.Time                  `json:"created_at"`
	CreatedBy string                     `json:"created_by"`
}

func assignmentView(x configuration.Assignment) AssignmentView {
	return AssignmentView{ID: x.ID, Document: x.Document, Name: x.Name, Subkind: x.Subkind, Version: x.Version,
		Selector:  SelectorView{Class: x.Selector.Class, Model: x.Selector.Model, Place: x.Selector.Place, Tag: x.Selector.Tag, Ownership: x.Selector.Ownership},
		CreatedAt: x.CreatedAt, CreatedBy: x.CreatedBy}
}

func (a *API) listAssignments(ctx context.Context, _ *PageInput) (*pageOutput[AssignmentView], error) {
	assignments, err := a.configuration.Assignments(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]AssignmentView, len(assignments))
	for i, x := range assignments {
		views[i] = assignmentView(x)
	}
	return whole(views), nil
}

type createAssignmentInput struct {
	IdempotentInput
	Body struct {
		Document configuration.DocumentID `json:"document_id" maxLength:"64"`
		Selector SelectorView             `json:"selector"`
	}
}

func (a *API) createAssignment(ctx context.Context, in *createAssignmentInput) (*output[AssignmentView], error) {
	p, b := principalOf(ctx), in.Body
	if err := mayConfigure(p); err != nil {
		return nil, err
	}
	var made configuration.Assignment
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		var err error
		made, err = a.configuration.Assign(ctx, p.Actor(), b.Document, b.Selector.selector())
		return "assignment:" + string(made.ID), err
	})
	if err != nil {
		return nil, err
	}
	if made.ID != "" {
		return &output[AssignmentView]{Body: assignmentView(made)}, nil
	}
	return a.sameAssignment(ctx, b.Document, b.Selector)
}

// sameAssignment answers a repetition. What is meant for exactly these devices is
// one document only.
func (a *API) sameAssignment(ctx context.Context, id configuration.DocumentID, selector SelectorView) (*output[AssignmentView], error) {
	selector.Tag = inventory.Normal(selector.Tag)
	assignments, err := a.configuration.Assignments(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range assignments {
		if v := assignmentView(x); x.Document == id && v.Selector == selector {
			return &output[AssignmentView]{Body: v}, nil
		}
	}
	return nil, fault.CodeNotFound.New("The assignment has been taken back meanwhile.")
}

type deleteAssignmentInput struct {
	IdempotentInput
	ID configuration.AssignmentID `path:"id" maxLength:"64" doc:"Id of the assignment."`
}

func (a *API) deleteAssignment(ctx context.Context, in *deleteAssignmentInput) (*empty, error) {
	p := principalOf(ctx)
	if err := mayConfigure(p); err != nil {
		return nil, err
	}
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "assignment:" + string(in.ID), a.configuration.Unassign(ctx, p.Actor(), in.ID)
	})
	return nil, err
}

// ConfigurationState is one kind of configuration of one device.
type ConfigurationState struct {
	Subkind         device.Subkind             `json:"subkind"`
	Document        configuration.DocumentID   `json:"document_id" doc:"Empty: nothing is desired."`
	Name            string                     `json:"name"`
	Version         int                        `json:"version"`
	Assignment      configuration.AssignmentID `json:"assignment_id"`
	Why             string                     `json:"why" speak:"words" doc:"Why this one, in a sentence."`
	Since           *time.Time                 `json:"since" nullable:"true"`
	Reported        string                     `json:"reported" doc:"The number that the device says is in force."`
	ReportedName    string                     `json:"reported_name"`
	ReportedVersion int                        `json:"reported_version"`
	ReportedAt      *time.Time                 `json:"reported_at" nullable:"true"`
	Drift           bool                       `json:"drift" doc:"It reports something else than what is desired."`
	Words           string                     `json:"words" doc:"How desired and reported compare, in a sentence."`
	Command         string                     `json:"command_id" doc:"The command that was last asked for it."`
	Refusal         string                     `json:"refusal"`
}

func (a *API) deviceConfiguration(ctx context.Context, in *DeviceInput) (*pageOutput[ConfigurationState], error) {
	item, err := a.reachDevice(ctx, in.ID, auth.ConfigurationsRead)
	if err != nil {
		return nil, err
	}
	states, err := a.configuration.OfDevice(ctx, item.Device.ID)
	if err != nil {
		return nil, err
	}
	views := make([]ConfigurationState, len(states))
	for i, s := range states {
		views[i] = ConfigurationState{Subkind: s.Subkind, Document: s.Document, Name: s.Name, Version: s.Version, Assignment: s.Assignment,
			Why: s.Why, Since: timeOrNil(s.Since), Reported: s.Reported, ReportedName: s.ReportedName, ReportedVersion: s.ReportedVersion,
			ReportedAt: timeOrNil(s.ReportedAt), Drift: s.Drift, Words: s.Words(), Command: s.Command, Refusal: s.Refusal}
	}
	return whole(views), nil
}

type previewInput struct {
	Body struct {
		Assign   configuration.DocumentID   `json:"assign,omitempty" maxLength:"64" doc:"Mean this document for selector."`
		Selector *SelectorView              `json:"selector,omitempty"`
		Unassign configuration.AssignmentID `json:"unassign,omitempty" maxLength:"64" doc:"Take this assignment back."`
		Publish  configuration.DocumentID   `json:"publish,omitempty" maxLength:"64" doc:"Add a version to this document."`
		Content  json.RawMessage            `json:"content,omitempty" doc:"With publish: what the version would say; it is checked as it would be."`
	}
}

// PreviewView says what a change would do.
type PreviewView struct {
	Fitting int `json:"fitting" doc:"Devices that fit."`
	TallyView
	Groups []PreviewGroup `json:"groups" doc:"The devices that change, by class and the place that they belong to; the largest first."`
	Sample []device.ID    `json:"sample" doc:"Up to ten of the devices that change."`
}

// TallyView counts devices that a change of configuration touches.
type TallyView struct {
	Changing    int `json:"changing" doc:"Something else would be desired of them than now."`
	Losing      int `json:"losing" doc:"Of these, nothing would be desired any more; they keep what they have."`
	Waiting     int `json:"waiting" doc:"Of these, pumps that are not free now; they follow when they are."`
	Unreachable int `json:"unreachable" doc:"Of these, devices to which no command can bring it."`
}

// PreviewGroup counts the devices of one class in one place.
type PreviewGroup struct {
	Class device.Class `json:"class"`
	Place *PlaceBrief  `json:"place,omitempty" doc:"Left out for devices that belong to no place."`
	TallyView
}

func tallyView(t configuration.Tally) TallyView {
	return TallyView{Changing: t.Changing, Losing: t.Losing, Waiting: t.Waiting, Unreachable: t.Unreachable}
}

func (a *API) previewConfiguration(ctx context.Context, in *previewInput) (*output[PreviewView], error) {
	if err := mayConfigure(principalOf(ctx)); err != nil {
		return nil, err
	}
	b := in.Body
	parts := 0
	for _, set := range []bool{b.Assign != "", b.Unassign != "", b.Publish != ""} {
		if set {
			parts++
		}
	}
	if parts != 1 {
		return nil, fault.CodeInvalid.New("Give exactly one of assign, unassign and publish.")
	}
	proposal := configuration.Proposal{Assign: b.Assign, Unassign: b.Unassign, Publish: b.Publish, Content: b.Content}
	if b.Selector != nil {
		proposal.Selector = b.Selector.selector()
	}
	p, err := a.configuration.Preview(ctx, proposal)
	if err != nil {
		return nil, err
	}
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	v := PreviewView{Fitting: p.Fitting, TallyView: tallyView(p.Tally), Sample: p.Sample}
	for _, g := range p.Groups {
		v.Groups = append(v.Groups, PreviewGroup{Class: g.Class, Place: placeBrief(tree.Path(g.Place)), TallyView: tallyView(g.Tally)})
	}
	return &output[PreviewView]{Body: v}, nil
}
