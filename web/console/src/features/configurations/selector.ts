import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useWords } from "../../words/words";
import { configurationsStrings } from "./strings";

export type Assignment = Schemas["AssignmentView"];
export type Selector = Schemas["SelectorView"];

/** Which devices an assignment is for, in words that name the model and the place. */
export function useSelectorWords(): (selector: Selector) => string {
  const t = useT(configurationsStrings);
  const say = useWords();
  const places = api.useQuery("get", "/api/v1/places");
  const models = api.useQuery("get", "/api/v1/models");
  return (selector) => {
    const model = models.data?.items.find((m) => m.id === selector.model);
    const parts = [
      selector.tag && `${t("assign.tag")} ${selector.tag}`,
      selector.place_id && (places.data?.items.find((p) => p.id === selector.place_id)?.words ?? selector.place_id),
      selector.model && (model ? `${model.maker} ${model.name}` : selector.model),
      selector.class && say("class", selector.class),
      selector.ownership && `${t("assign.ownership")} ${t(`assign.owners.${selector.ownership}`)}`,
    ];
    return parts.filter(Boolean).join(" · ") || t("assign.everyone");
  };
}
