import { PostDiffOperation, type PostDiffPart } from "@api/postwright/v1/post_version_pb";

// What has to change in one text to make it another.
export function Diff({ parts }: { parts: PostDiffPart[] }) {
  return (
    <p className="diff">
      {parts.map((part, i) => {
        switch (part.operation) {
          case PostDiffOperation.INSERT:
            return <ins key={i}>{part.text}</ins>;
          case PostDiffOperation.DELETE:
            return <del key={i}>{part.text}</del>;
          default:
            return <span key={i}>{part.text}</span>;
        }
      })}
    </p>
  );
}
