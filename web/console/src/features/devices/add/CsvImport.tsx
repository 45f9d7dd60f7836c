import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { offlineCode, problemOf } from "../../../api/problem";
import { number } from "../../../i18n/format";
import { useT } from "../../../i18n/strings";
import { ProblemAlert } from "../../../ui/ProblemAlert";
import { RouteButton } from "../../../ui/RouteLink";
import { ColumnsHelp } from "./ColumnsHelp";
import { Faults } from "./Faults";
import { FilePicker } from "./FilePicker";
import { importFile, mostMegabytes, readFile, UnfitFile, type ImportResult } from "./importFile";
import { addStrings } from "./strings";

/** How far a file has come. Nothing of it is registered before `done`. */
type Step =
  | { at: "choosing" }
  | { at: "checking" | "importing"; file: File }
  | { at: "checked"; file: File; bytes: ArrayBuffer; result: ImportResult }
  | { at: "failed"; file: File; error: unknown; inEarnest: boolean }
  | { at: "done"; file: File; result: ImportResult };

/** Devices from a CSV file: first everything is checked, then all of it is registered or nothing. */
export function CsvImport() {
  const t = useT(addStrings);
  const client = useQueryClient();
  const [step, setStep] = useState<Step>({ at: "choosing" });
  const busy = step.at === "checking" || step.at === "importing";

  const check = async (file: File) => {
    setStep({ at: "checking", file });
    try {
      const bytes = await readFile(file);
      setStep({ at: "checked", file, bytes, result: await importFile(bytes, true) });
    } catch (error) {
      setStep({ at: "failed", file, error, inEarnest: false });
    }
  };
  const run = async (file: File, bytes: ArrayBuffer) => {
    setStep({ at: "importing", file });
    try {
      setStep({ at: "done", file, result: await importFile(bytes, false) });
      void client.invalidateQueries();
    } catch (error) {
      setStep({ at: "failed", file, error, inEarnest: true });
    }
  };

  if (step.at === "done") return <Done result={step.result} again={() => setStep({ at: "choosing" })} />;
  const file = step.at === "choosing" ? undefined : step.file;
  return (
    <Stack>
      <FilePicker file={file} busy={busy} onFile={(chosen) => void check(chosen)} />
      <div role="status">
        {step.at === "checking" && <Text>{t("checking", { file: step.file.name })}</Text>}
        {step.at === "importing" && <Text>{t("importing", { file: step.file.name })}</Text>}
        {step.at === "checked" && step.result.errors.length === 0 && (
          <Alert variant="light" color="green" icon={<IconCheck aria-hidden />} title={t("good", { count: step.result.rows, shown: number(step.result.rows) })}>
            <Text size="sm">{t("goodText")}</Text>
            <Button mt="sm" onClick={() => void run(step.file, step.bytes)}>
              {t("run", { count: step.result.rows, shown: number(step.result.rows) })}
            </Button>
          </Alert>
        )}
      </div>
      {step.at === "checked" && step.result.errors.length > 0 && <Faults result={step.result} again={() => void check(step.file)} />}
      {step.at === "failed" && <Failed {...step} again={() => void check(step.file)} />}
      <ColumnsHelp />
    </Stack>
  );
}

function Done({ result, again }: { result: ImportResult; again: () => void }) {
  const t = useT(addStrings);
  return (
    <Alert role="status" variant="light" color="green" icon={<IconCheck aria-hidden />} title={t("done", { count: result.registered, shown: number(result.registered) })}>
      <Text size="sm">{t(result.already ? "doneBefore" : "doneText")}</Text>
      <Group mt="sm">
        <RouteButton to="/devices" search={{ stage: "expected,received", sort: "-updated" } as never}>
          {t("show")}
        </RouteButton>
        <Button variant="default" onClick={again}>
          {t("another")}
        </Button>
      </Group>
    </Alert>
  );
}

function Failed({ error, inEarnest, again }: { error: unknown; inEarnest: boolean; again: () => void }) {
  const t = useT(addStrings);
  if (error instanceof UnfitFile) {
    return (
      <Alert role="alert" variant="light" color="red" title={t("unfit.title")}>
        {t(`unfit.${error.why}`, { limit: mostMegabytes })}
      </Alert>
    );
  }
  const lost = inEarnest && problemOf(error).code === offlineCode;
  return (
    <Stack gap="xs">
      {lost && (
        <Alert role="alert" variant="light" color="orange" title={t("lost.title")}>
          {t("lost.text")}
        </Alert>
      )}
      <ProblemAlert error={error} retry={again} />
    </Stack>
  );
}
