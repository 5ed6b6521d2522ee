import re
class ExprError(Exception):
    kind="syntax"
class C:
    def __init__(self, text):
        m=re.match(r'^\s*([\w.]+)\s*==?\s*"([^"]*)"\s*$', text)
        if not m: raise ExprError(text)
        path,val=m.groups(); parts=path.split(".")
        if parts[0] not in ("event","profile"): parts=["profile",*parts]
        def run(snap, now):
            v=snap.get(parts[0])
            if callable(v): v=snap[parts[0]]=v()
            for p in parts[1:]:
                v=v.get(p) if isinstance(v,dict) else None
            return v==val
        self.run=run
def compile_text(text, want=None, roots=None): return C(text)
def template_filters(): return {}
