import { api } from "../../api/client";
import { day } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useWords } from "../../words/words";
import { usePlaces } from "../devices/usePlaces";
import type { Scope } from "./person";
import { peopleStrings } from "./strings";

/** Says where somebody's roles hold. A place whose name could not be read is shown by its id. */
export function useScopeWords(): (scope: Scope) => string[] {
  const t = useT(peopleStrings);
  const say = useWords();
  const places = usePlaces();
  const models = api.useQuery("get", "/api/v1/models", { params: { query: { limit: 200 } } }, { staleTime: 60_000 });
  const place = (id: string) => places.data?.find((one) => one.id === id)?.words ?? id;
  const model = (id: string) => {
    const found = models.data?.items.find((one) => one.id === id);
    return found ? `${found.maker} ${found.name}` : id;
  };
  return (scope) => {
    const said = [
      scope.sites?.length && t("page.scopeSites", { list: scope.sites.map(place).join(", ") }),
      scope.classes?.length && t("page.scopeClasses", { list: scope.classes.map((one) => say("class", one)).join(", ") }),
      scope.wards?.length && t("page.scopeWards", { list: scope.wards.map(place).join(", ") }),
      scope.models?.length && t("page.scopeModels", { list: scope.models.map(model).join(", ") }),
      scope.from && t("page.scopeFrom", { day: day(scope.from) }),
      scope.until && t("page.scopeUntil", { day: day(scope.until) }),
    ].filter((one): one is string => Boolean(one));
    return said.length > 0 ? said : [t("page.everywhere")];
  };
}
