import { Button, Grid, Paper, Stack, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { later } from "../../ui/later";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { blank, ClassAndModel, ExpirySelect, PlaceSelect, type Becomes } from "./fields";
import { inviteStrings } from "./inviteStrings";
import { keepIssued, type Issued } from "./issued";
import { requestOf } from "./request";

const IssuedCard = later(() => import("./IssuedCard").then((module) => module.IssuedCard));

/** Invites the phone of a person. */
export function PersonForm() {
  const t = useT(inviteStrings);
  const client = useQueryClient();
  const owner = useRef<HTMLInputElement>(null);
  const [value, setValue] = useState<Becomes>({ ...blank, class: "phone_issued" });
  const [tried, setTried] = useState(false);
  const [issued, setIssued] = useState<Issued>();
  const make = api.useMutation("post", "/api/v1/invitations", {
    onSuccess: (made) => {
      keepIssued(made);
      setIssued(made);
      void client.invalidateQueries();
    },
  });
  const problem = make.error ? problemOf(make.error) : undefined;
  const ownerMissing = tried && !value.owner.trim() ? t("ownerNeeded") : undefined;
  const again = () => {
    setIssued(undefined);
    setTried(false);
    make.reset();
    setValue({ ...value, owner: "" });
    requestAnimationFrame(() => owner.current?.focus());
  };
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Paper
          withBorder
          p="md"
          component="form"
          noValidate
          onSubmit={(event: React.FormEvent) => {
            event.preventDefault();
            setTried(true);
            if (value.owner.trim() && value.class) make.mutate({ body: requestOf(value) });
          }}
        >
          <Stack>
            <TextInput
              ref={owner}
              label={t("owner")}
              withAsterisk
              autoFocus
              maxLength={120}
              autoComplete="off"
              value={value.owner}
              onChange={(event) => setValue({ ...value, owner: event.currentTarget.value })}
              error={ownerMissing ?? fieldProblem(problem, "owner")}
            />
            <ClassAndModel
              forPerson
              value={value}
              onChange={setValue}
              errors={{ class: tried && !value.class ? t("needed") : fieldProblem(problem, "class"), model: fieldProblem(problem, "model") }}
            />
            <PlaceSelect value={value.place} onChange={(place) => setValue({ ...value, place })} error={fieldProblem(problem, "place_id")} />
            <ExpirySelect hours={value.hours} onChange={(hours) => setValue({ ...value, hours })} />
            {make.error && <ProblemAlert error={make.error} />}
            {issued ? (
              <Button variant="default" onClick={again}>
                {t("next")}
              </Button>
            ) : (
              <Button type="submit" loading={make.isPending}>
                {t("make")}
              </Button>
            )}
          </Stack>
        </Paper>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 6 }} aria-live="polite">
        {issued && <IssuedCard issued={issued} />}
      </Grid.Col>
    </Grid>
  );
}
