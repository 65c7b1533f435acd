function r(t,n,o){if(!n)return"uncalibrated";const c=t.some(e=>e!==null&&e<1);return o&&!c?"moved":"by_look"}export{r as c};
