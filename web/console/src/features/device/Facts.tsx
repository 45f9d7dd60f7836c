import { Paper, Text, Title, type PaperProps } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import { useId, type ReactNode } from "react";
import { useT } from "../../i18n/strings";
import { Age } from "./Age";
import classes from "./device.module.css";
import { deviceStrings } from "./strings";

/** Who says so: the device itself, people, the certificate authority, or an access point. */
export type Source = "device" | "people" | "wardline" | "accessPoint" | "gateway";

interface CardProps extends PaperProps {
  title: string;
  icon: Icon;
  children: ReactNode;
  /** Stands at the right of the title. */
  aside?: ReactNode;
}

/** A part of the page with a heading of its own. */
export function Card({ title, icon: Icon, aside, children, ...rest }: CardProps) {
  const id = useId();
  return (
    <Paper component="section" withBorder p="md" aria-labelledby={id} className={classes.card} {...rest}>
      <div className={classes.cardHead}>
        <Icon size={18} aria-hidden />
        <Title order={2} size="h5" id={id}>
          {title}
        </Title>
        {aside && <div className={classes.aside}>{aside}</div>}
      </div>
      {children}
    </Paper>
  );
}

/** Where all the facts of a card are from, and how old they are: said once. */
export function FromSource({ source, age, at }: { source: Source; age?: number | null; at?: string | null }) {
  const t = useT(deviceStrings);
  return (
    <Text size="xs" c="dimmed">
      {t(`source.${source}`)}
      {typeof age === "number" && (
        <>
          {" · "}
          <Age seconds={age} at={at ?? null} />
        </>
      )}
    </Text>
  );
}

/** A list of facts. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={classes.facts}>{children}</dl>;
}

interface FactProps {
  label: string;
  /** Undefined, null or empty: it is not known, and that is said. */
  children?: ReactNode;
  source?: Source;
  /** How old it is, in seconds at the time of reading. */
  age?: number | null;
  at?: string | null;
  /** What to say when it is not known, where there is more to say than that. */
  unknown?: string;
}

/** One fact with where it is from and how old it is. */
export function Fact({ label, children, source, age, at, unknown }: FactProps) {
  const t = useT(deviceStrings);
  const known = children !== undefined && children !== null && children !== "" && children !== false;
  return (
    <>
      <dt>{label}</dt>
      <dd>
        {known ? children : <Text span inherit c="dimmed" fs="italic">{unknown ?? t("notKnown")}</Text>}
        {known && (source || typeof age === "number") && (
          <span className={classes.source}>
            {source && t(`source.${source}`)}
            {source && typeof age === "number" && " · "}
            {typeof age === "number" && <Age seconds={age} at={at ?? null} />}
          </span>
        )}
      </dd>
    </>
  );
}
