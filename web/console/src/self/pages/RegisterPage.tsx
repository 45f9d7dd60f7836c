import { Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useT } from "../../i18n/strings";
import type { OwnDevice, Schemas } from "../client";
import { HelpPhone } from "../Frame";
import { kindOfPhone, type PhoneKind } from "../kindOfPhone";
import { Reading } from "../Reading";
import { mine, self } from "../session";
import { selfStrings } from "../strings";
import { Details, type Given } from "./RegisterDetails";
import { Invited, Recorded } from "./RegisterDone";
import { Terms, terms, Whose, WhichKind } from "./RegisterSteps";

type Kinds = Schemas["PhoneKindsView"];

/** Register this phone: which, whose, what that means, three facts, done. */
export default function RegisterPage() {
  const t = useT(selfStrings);
  const query = self.useQuery("get", "/api/v1/self/phone-kinds");
  return (
    <Reading query={query}>
      {(kinds) =>
        kinds.how === "off" ? (
          <>
            <Text>{t("register.off")}</Text>
            <HelpPhone />
          </>
        ) : (
          <Walk kinds={kinds} />
        )
      }
    </Reading>
  );
}

type Step = "kind" | "whose" | "terms" | "details";

function Walk({ kinds }: { kinds: Kinds }) {
  // What is managed is invited at once; where somebody has to agree, IT invites.
  const models = kinds.how === "open" ? kinds.managed : [];
  const guess = kindOfPhone();
  const [step, setStep] = useState<Step>("kind");
  const [kind, setKind] = useState<PhoneKind>(guess === "managed" && models.length === 0 ? "other" : guess);
  const [model, setModel] = useState(models.length === 1 ? (models[0]?.id ?? "") : "");
  const [issued, setIssued] = useState<boolean>();
  const [recorded, setRecorded] = useState<OwnDevice>();
  const [invited, setInvited] = useState<Schemas["OwnInvitationView"]>();
  const top = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (step !== "kind" || recorded || invited) top.current?.focus();
  }, [step, recorded, invited]);
  const managed = kind === "managed";
  const work = managed ? (models.find((m) => m.id === model)?.issued ?? true) : issued === true;
  const agreed = terms(managed, work);

  const record = async (given: Given) => {
    if (managed) return;
    const { data, error } = await mine.POST("/api/v1/self/phones", { body: { kind, issued: work, terms: agreed, ...given } });
    if (!data) throw error;
    setRecorded(data);
  };
  const invite = async () => {
    const { data, error } = await mine.POST("/api/v1/self/invitations", { body: { model_id: model, terms: agreed } });
    if (!data) throw error;
    setInvited(data);
  };
  return (
    <div ref={top} tabIndex={-1} style={{ outline: "none" }}>
      {recorded ? (
        <Recorded device={recorded} kind={kind} />
      ) : invited ? (
        <Invited invitation={invited} />
      ) : step === "kind" ? (
        <WhichKind kind={kind} setKind={setKind} models={models} model={model} setModel={setModel} next={() => setStep(managed ? "terms" : "whose")} />
      ) : step === "whose" ? (
        <Whose issued={issued} setIssued={setIssued} next={() => setStep("terms")} />
      ) : step === "terms" ? (
        <Terms managed={managed} work={work} agree={managed ? invite : async () => setStep("details")} />
      ) : (
        <Details kind={kind} submit={record} />
      )}
    </div>
  );
}
