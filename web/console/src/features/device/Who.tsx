import { Badge, Group, Text } from "@mantine/core";
import { IconUser } from "@tabler/icons-react";
import { dateTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { Time } from "../../ui/Time";
import { useWords } from "../../words/words";
import { Card, Fact, Facts, FromSource } from "./Facts";
import { deviceStrings } from "./strings";
import type { Device } from "./useDevice";

/** In whose hands it is, and what people recorded of it. */
export function Who({ device }: { device: Device }) {
  const t = useT(deviceStrings);
  const say = useWords();
  return (
    <Card title={t("who.title")} icon={IconUser} aside={<FromSource source="people" />}>
      <Facts>
        <Fact label={t("who.holder")} unknown={t("nobody")}>
          {device.owner}
        </Fact>
        <Fact label={t("who.custody")}>
          {[say("custody", device.custody.kind), device.custody.which].filter(Boolean).join(": ")}
        </Fact>
        <Fact label={t("who.condition")}>
          {say("condition", device.condition)}
        </Fact>
        <Fact label={t("who.stage")}>{say("stage", device.stage)}</Fact>
        {device.holds.length > 0 && (
          <Fact label={t("who.holds")}>
            {device.holds.map((hold) => (
              <Text size="sm" key={hold.kind}>
                {t("who.hold", { hold: say("hold", hold.kind), since: dateTime(hold.since), reason: hold.reason })}
                {hold.may_lift && (
                  <Text span size="xs" c="dimmed">
                    {" "}
                    {t("who.mayLift", { role: say("role", hold.may_lift) })}
                  </Text>
                )}
              </Text>
            ))}
          </Fact>
        )}
        {device.tags.length > 0 && (
          <Fact label={t("who.tags")}>
            <Group gap={4}>
              {device.tags.map((tag) => (
                <Badge key={tag} variant="outline" color="gray" tt="none" fw={500}>
                  {tag}
                </Badge>
              ))}
            </Group>
          </Fact>
        )}
        {device.class.startsWith("pump_") && (
          <Fact label={t("who.sanitised")} unknown={t("who.neverSanitised")}>
            {device.sanitised_at && <Time at={device.sanitised_at} />}
          </Fact>
        )}
      </Facts>
    </Card>
  );
}
