package api

import (
	"context"
	"net/http"
	"slices"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
)

func (a *API) registerModels() {
	register(a, operation{id: "list_models", method: http.MethodGet, path: "/models", tag: "models",
		summary: "All models"}, may(auth.ModelsRead), a.listModels)
	register(a, operation{id: "get_model", method: http.MethodGet, path: "/models/{id}", tag: "models",
		summary: "One model and what devices of it can do"}, may(auth.ModelsRead), a.getModel)
	register(a, operation{id: "create_model", method: http.MethodPost, path: "/models", tag: "models", status: http.StatusCreated,
		summary: "Add a model"}, mayFresh(auth.ModelsWrite), a.createModel)
	register(a, operation{id: "update_model", method: http.MethodPut, path: "/models/{id}", tag: "models",
		summary: "Change a model", about: "What an enrolled model is capable of is not edited."}, mayFresh(auth.ModelsWrite), a.updateModel)
}

// ModelFields are what people say of a model.
type ModelFields struct {
	Maker        string            `json:"maker" minLength:"1" maxLength:"120"`
	Name         string            `json:"name" minLength:"1" maxLength:"120"`
	Class        device.Class      `json:"class" doc:"Fixed once the model exists."`
	Can          []device.Kind     `json:"capabilities" maxItems:"40" doc:"A kind that is not listed is refused on every path."`
	WipeErases   string            `json:"wipe_erases,omitempty" maxLength:"500" doc:"What a wipe really erases."`
	WipeKeeps    string            `json:"wipe_keeps,omitempty" maxLength:"500"`
	Sanitisation []string          `json:"sanitisation,omitempty" maxItems:"50" doc:"The steps of the maker's recipe."`
	NetworkCut   device.NetworkCut `json:"network_cut,omitempty" doc:"Whether cutting it from the network while it infuses is harmless; default unknown."`
	CutSource    string            `json:"network_cut_source,omitempty" maxLength:"500"`
	LegacySCEP   bool              `json:"legacy_scep,omitempty" doc:"Allows single DES and SHA-1 in SCEP requests of this model."`
}

func (f ModelFields) model(id device.ModelID) device.Model {
	return device.Model{ID: id, Maker: f.Maker, Name: f.Name, Class: f.Class, Capabilities: f.Can, WipeErases: f.WipeErases,
		WipeKeeps: f.WipeKeeps, Sanitisation: f.Sanitisation, NetworkCut: f.NetworkCut, NetworkCutSource: f.CutSource, LegacySCEP: f.LegacySCEP}
}

// ModelView is a model as the API shows it.
type ModelView struct {
	ID         device.ModelID `json:"id"`
	ClassWords string         `json:"class_words" speak:"words"`
	Version    int            `json:"version" doc:"As in the ETag."`
	ModelFields
}

func modelView(m device.Model) ModelView {
	return ModelView{ID: m.ID, ClassWords: m.Class.Words(), Version: m.Version, ModelFields: ModelFields{
		Maker: m.Maker, Name: m.Name, Class: m.Class, Can: m.Capabilities, WipeErases: m.WipeErases, WipeKeeps: m.WipeKeeps,
		Sanitisation: m.Sanitisation, NetworkCut: m.NetworkCut, CutSource: m.NetworkCutSource, LegacySCEP: m.LegacySCEP}}
}

func (a *API) listModels(ctx context.Context, _ *PageInput) (*pageOutput[ModelView], error) {
	models, err := a.inventory.Models(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]ModelView, len(models))
	for i, m := range models {
		views[i] = modelView(m)
	}
	return whole(views), nil
}

// ModelInput names a model.
type ModelInput struct {
	ID device.ModelID `path:"id" maxLength:"64" doc:"Id of the model."`
}

func (a *API) getModel(ctx context.Context, in *ModelInput) (*versioned[ModelView], error) {
	m, err := a.inventory.Model(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &versioned[ModelView]{ETag: etag(m.Version), Body: modelView(m)}, nil
}

// mayModel: a model holds at every site, so somebody limited to some changes
// none; and biomed alone says what a medical device is capable of.
func mayModel(p auth.Principal, class device.Class) error {
	reach, _ := auth.ReachOf(p, auth.ModelsWrite)
	for _, l := range reach.Limits {
		if len(l.Sites) > 0 || (len(l.Classes) > 0 && !slices.Contains(l.Classes, class)) {
			return codeOtherSite.New("A model holds at every site, and your account does not.")
		}
	}
	if !class.IsPersonal() && !p.Has(auth.RoleBiomed) {
		return codeBiomedOnly.New("A %s is described by biomedical engineering.", class.Words())
	}
	return nil
}

var (
	codeOtherSite = fault.Define(fault.Forbidden, "other_site",
		"Ask somebody whose account holds for that site.")
	codeBiomedOnly = fault.Define(fault.Forbidden, "biomed_only",
		"Ask biomedical engineering: what a medical device can do is theirs to say.")
)

type createModelInput struct {
	IdempotentInput
	Body ModelFields
}

func (a *API) createModel(ctx context.Context, in *createModelInput) (*versioned[ModelView], error) {
	if err := mayModel(principalOf(ctx), in.Body.Class); err != nil {
		return nil, err
	}
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		m, err := a.inventory.CreateModel(ctx, principalOf(ctx).Actor(), in.Body.model(""))
		return "model:" + string(m.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.getModel(ctx, &ModelInput{ID: device.ModelID(id)})
}

type updateModelInput struct {
	ModelInput
	MatchInput
	Body ModelFields
}

func (a *API) updateModel(ctx context.Context, in *updateModelInput) (*versioned[ModelView], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	before, err := a.inventory.Model(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	for _, class := range []device.Class{before.Class, in.Body.Class} {
		if err := mayModel(principalOf(ctx), class); err != nil {
			return nil, err
		}
	}
	_, err = a.carryOut(ctx, func(ctx context.Context) (string, error) {
		_, err := a.inventory.UpdateModel(ctx, principalOf(ctx).Actor(), version, in.Body.model(in.ID))
		return "model:" + string(in.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.getModel(ctx, &in.ModelInput)
}
